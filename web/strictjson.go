package web

import (
	"errors"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// strictJSON reads bodies: names match to the letter and stand once, the text is UTF-8, and nothing follows.
// Fields that the schema does not know are an error by the schema.
var strictJSON = huma.Format{
	Marshal: huma.DefaultJSONFormat.Marshal,
	Unmarshal: func(data []byte, v any) error {
		err := json.Unmarshal(data, v)
		if err == nil {
			return nil
		}
		return errors.New(jsonError(err))
	},
}

// jsonError says where in a body the JSON is broken, in words for its sender.
func jsonError(err error) string {
	var syntactic *jsontext.SyntacticError
	var semantic *json.SemanticError
	switch {
	case errors.As(err, &syntactic):
		return at("not valid JSON: "+strings.TrimPrefix(syntactic.Err.Error(), "jsontext: "), string(syntactic.JSONPointer), syntactic.ByteOffset)
	case errors.As(err, &semantic):
		text := "wrong value"
		if semantic.Err != nil {
			text = semantic.Err.Error()
		}
		return at(text, string(semantic.JSONPointer), semantic.ByteOffset)
	}
	return err.Error()
}

func at(text, pointer string, offset int64) string {
	if pointer != "" {
		return text + " at " + pointer + byteText(offset)
	}
	return text + byteText(offset)
}
