package streams

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
)

//go:embed schemas/*.json
var schemaFiles embed.FS

// Schemas returns the JSON Schemas (2020-12) of all payloads: for each event type a file TYPE.json, and
// common.json with the definitions that they share.
func Schemas() fs.FS {
	sub, err := fs.Sub(schemaFiles, "schemas")
	if err != nil {
		panic(err) // the folder is embedded above
	}
	return sub
}

// SchemaURI is the identifier of the schema of an event type, as ce_dataschema names it.
func SchemaURI(typ string) string { return "urn:haihe:schema:" + typ + ":1" }

// checkSchema says in which fields a payload breaks the schema of its type.
func checkSchema(typ string, payload []byte) error {
	schema := compiledSchemas()[typ]
	if schema == nil {
		return fmt.Errorf("no schema for the type %s", typ)
	}
	isEntry := typ == ledgerEntryType
	if isEntry && passedEntries.has(payload) {
		return nil
	}
	if isPlain(typ, payload) {
		if isEntry {
			passedEntries.add(payload)
		}
		return nil
	}
	var doc any
	if err := json.Unmarshal(payload, &doc); err != nil {
		return jsonError(err)
	}
	err := schema.Validate(doc)
	if err == nil {
		if isEntry {
			passedEntries.add(payload)
		}
		return nil
	}
	var v *jsonschema.ValidationError
	if !errors.As(err, &v) {
		return err
	}
	var found []string
	collectFaults(v, &found)
	const most = 5
	if len(found) > most {
		found = append(found[:most], fmt.Sprintf("and %d more", len(found)-most))
	}
	return fmt.Errorf("%s (schema %s)", strings.Join(found, "; "), SchemaURI(typ))
}

var english = message.NewPrinter(language.English)

// collectFaults writes the leaves of a validation error, each as "field: what is wrong".
func collectFaults(v *jsonschema.ValidationError, found *[]string) {
	if len(v.Causes) > 0 {
		for _, c := range v.Causes {
			collectFaults(c, found)
		}
		return
	}
	path := fieldPath(v.InstanceLocation)
	at := func(name string) string { return joinField(path, name) }
	switch k := v.ErrorKind.(type) {
	case *kind.Required:
		for _, name := range k.Missing {
			*found = append(*found, at(name)+" is missing")
		}
	case *kind.AdditionalProperties:
		for _, name := range k.Properties {
			*found = append(*found, at(cut(name, 60))+" is not a field of it; leave it out or check its spelling")
		}
	case *kind.Type:
		*found = append(*found, fmt.Sprintf("%s must be %s, got %s", orPayload(path), strings.Join(k.Want, " or "), k.Got))
	case *kind.Pattern:
		*found = append(*found, fmt.Sprintf("%s must %s, got %s", orPayload(path), patternMeaning(k.Want), strconv.Quote(cut(k.Got, 60))))
	case *kind.Format:
		if errors.As(k.Err, new(rangeError)) {
			*found = append(*found, fmt.Sprintf("%s %v", orPayload(path), k.Err))
			return
		}
		*found = append(*found, fmt.Sprintf("%s must be a %s, got %s", orPayload(path), k.Want, cut(fmt.Sprintf("%q", k.Got), 60)))
	default:
		*found = append(*found, orPayload(path)+": "+cut(k.LocalizedString(english), 200))
	}
}

func patternMeaning(pattern string) string {
	switch pattern {
	case patternUTC:
		return "be a time in UTC written with Z, such as 2027-03-01T08:30:00Z"
	case patternNoControl:
		return "have no control characters"
	case patternDate:
		return "be a date such as 2027-03-01"
	}
	return "match " + pattern
}

func orPayload(path string) string {
	if path == "" {
		return "the payload"
	}
	return path
}

func joinField(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

var digits = regexp.MustCompile(`^[0-9]+$`)

// fieldPath turns the parts of a JSON pointer into a path such as gateways[0].hours.
func fieldPath(parts []string) string {
	var b strings.Builder
	for _, p := range parts {
		switch {
		case digits.MatchString(p):
			b.WriteString("[" + p + "]")
		case b.Len() == 0:
			b.WriteString(cut(p, 60))
		default:
			b.WriteString("." + cut(p, 60))
		}
	}
	return b.String()
}

// jsonError words an error of the JSON decoder with the field and the byte where it stands.
func jsonError(err error) error {
	var syntactic *jsontext.SyntacticError
	if errors.As(err, &syntactic) {
		what := "broken JSON"
		if errors.Is(err, jsontext.ErrDuplicateName) {
			what = "a name stands there twice"
		}
		return fmt.Errorf("%s at byte %d%s: %s", what, syntactic.ByteOffset, atField(syntactic.JSONPointer), cut(syntactic.Err.Error(), 200))
	}
	var semantic *json.SemanticError
	if errors.As(err, &semantic) {
		reason := "wrong type or unknown field"
		if semantic.Err != nil {
			reason = cut(semantic.Err.Error(), 200)
		}
		return fmt.Errorf("JSON at byte %d%s: %s", semantic.ByteOffset, atField(semantic.JSONPointer), reason)
	}
	return errors.New(cut(err.Error(), 300))
}

func atField(p jsontext.Pointer) string {
	var parts []string
	for t := range p.Tokens() {
		parts = append(parts, t)
	}
	if len(parts) == 0 {
		return ""
	}
	return " in " + cut(fieldPath(parts), 200)
}

// cut shortens what came from outside to at most n bytes of whole characters.
func cut(s string, n int) string {
	s = strings.ToValidUTF8(s, "�")
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + "…"
}
