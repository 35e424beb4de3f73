package openapi

import "testing"

func TestReadsEveryVersion(t *testing.T) {
	dir, err := Dir()
	if err != nil {
		t.Skip(err)
	}
	versions, err := Versions(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, version := range versions {
		d, err := Load(dir, version)
		if err != nil {
			t.Fatal(err)
		}
		if len(d.Operations) < 209 {
			t.Errorf("%s has %d operations, want at least 209", version, len(d.Operations))
		}
		inquiry := d.Flat(d.Schema("inquiry").Properties["attributes"])
		if inquiry.Properties["status"] == nil {
			t.Errorf("%s: an inquiry has no status", version)
		}
		shared := d.Flat(d.Schema("verification-government-id").Properties["attributes"])
		if shared.Properties["checks"] == nil || shared.Properties["front-photo-url"] == nil {
			t.Errorf("%s: the parts of a government id verification's attributes are not merged", version)
		}
	}
}
