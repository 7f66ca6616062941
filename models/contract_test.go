package models_test

import (
	"testing"

	"github.com/tidewatch/tidewatch/models"
	"github.com/tidewatch/tidewatch/models/modeltest"
)

func TestContract(t *testing.T) {
	for _, kind := range models.Kinds() {
		if testing.Short() && (kind == "isolation" || kind == "seasonal") {
			continue // they are parts of the combined one
		}
		spec, err := models.Lookup(kind)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(kind, func(t *testing.T) { modeltest.Run(t, spec) })
	}
}
