// Package modeltest holds the contract that every registered model must meet. A test calls Run with the model's Spec:
//
//	for _, kind := range models.Kinds() {
//		spec, _ := models.Lookup(kind)
//		t.Run(kind, func(t *testing.T) { modeltest.Run(t, spec) })
//	}
package modeltest
