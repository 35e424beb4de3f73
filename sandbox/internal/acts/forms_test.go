package acts

import (
	"reflect"
	"slices"
	"testing"
)

func TestEachKindHasOneForm(t *testing.T) {
	families := map[string]bool{}
	for _, kind := range implementations() {
		for _, family := range kind.families {
			families[family] = true
		}
	}
	var offered []Kind
	for family := range families {
		for _, form := range Forms(family) {
			offered = append(offered, form.Do)
		}
	}
	slices.Sort(offered)
	offered = slices.Compact(offered) // some happen to two families
	if !slices.Equal(offered, Kinds()) {
		t.Errorf("the forms are for %q", offered)
	}
	if got := Forms("unicorn"); len(got) != 0 {
		t.Errorf("a unicorn has the forms %v", got)
	}
}

// TestTheExampleOfAFieldCanBeEntered fills in the examples of each form, and looks for a field
// of the act that stays empty.
func TestTheExampleOfAFieldCanBeEntered(t *testing.T) {
	filled := map[string]bool{}
	for kind, implementation := range implementations() {
		values := map[string]string{"do": string(kind)}
		for _, form := range Forms(implementation.families[0]) {
			if form.Do == kind {
				for _, field := range form.Fields {
					values[field.Name] = field.Example
				}
			}
		}
		a, err := FromForm("inq_1", values)
		if err != nil || a.Do != kind || a.ID != "inq_1" {
			t.Errorf("%s: %+v, error %v", kind, a, err)
		}
		v := reflect.ValueOf(a)
		set := 0
		for i := range v.NumField() {
			if !v.Field(i).IsZero() {
				filled[v.Type().Field(i).Name] = true
				set++
			}
		}
		if set != len(values)+1 {
			t.Errorf("%s: the form %v becomes %+v", kind, values, a)
		}
	}
	for i := range reflect.TypeFor[Act]().NumField() {
		if name := reflect.TypeFor[Act]().Field(i).Name; !filled[name] {
			t.Errorf("no form has the field %s", name)
		}
	}
}
