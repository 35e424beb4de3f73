package conformance

import (
	"encoding/json"
	"errors"
	"math"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// formats are the document's formats that JSON Schema does not define. "binary" and "float"
// have nothing to check.
func formats() []*jsonschema.Format {
	return []*jsonschema.Format{
		{Name: "int32", Validate: isInt32},
		{Name: "json", Validate: isJSON},
	}
}

func isInt32(value any) error {
	number, ok := value.(json.Number)
	if !ok {
		return nil
	}
	if n, err := number.Int64(); err != nil || n < math.MinInt32 || n > math.MaxInt32 {
		return errors.New("does not fit 32 bits")
	}
	return nil
}

func isJSON(value any) error {
	if s, ok := value.(string); ok && !json.Valid([]byte(s)) {
		return errors.New("is not JSON")
	}
	return nil
}
