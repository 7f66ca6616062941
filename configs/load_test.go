package configs

import (
	"testing"
)

func TestExperienceLoads(t *testing.T) {
	c, err := Load("testdata/experience.good.yml")
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%+v", c)
}
