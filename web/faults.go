package web

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/validation"
)

// faultKind is one way in which a field can be wrong. Whoever finds it says so in English, in words of one format; the code and
// what the format was filled with let a page say it in the language of its reader.
type faultKind struct {
	code   string
	format string
	// What the verbs of the format are, in order, "" for what nobody needs; "name=value" says what the format itself says.
	params []string
}

// faultKinds are all formats of the checks that a person can meet: those of huma, of planner and its scenarios, of tables, and
// of this package.
var faultKinds = []faultKind{
	{"required", validation.MsgExpectedRequiredProperty, []string{"field"}},
	{"required", "required %s parameter is missing", []string{""}},
	{"required", validation.MsgExpectedDependentRequiredProperty, []string{"field", ""}},
	{"required", "must not be empty", nil},
	{"required", "is wanted", nil},
	{"required", "is missing; want a number, or one number a day", nil},
	{"required", `is missing; want a time in UTC such as "2027-03-01T08:30:00Z"`, nil},
	{"required", "is missing: the date of the first number of %s", []string{""}},
	{"unknown_field", validation.MsgUnexpectedProperty, nil},
	{"unknown_field", validation.MsgExpectedPropertyNameInObject, nil},
	{"unknown_field", "unknown query parameter", nil},
	{"boolean", validation.MsgExpectedBoolean, nil},
	{"boolean", "invalid boolean", nil},
	{"number", validation.MsgExpectedNumber, nil},
	{"number", "invalid float", nil},
	{"number", "must be a finite number, got %v", []string{"got"}},
	{"integer", validation.MsgExpectedInteger, nil},
	{"integer", "invalid integer", nil},
	{"text", validation.MsgExpectedString, nil},
	{"list", validation.MsgExpectedArray, nil},
	{"object", validation.MsgExpectedObject, nil},
	{"object", validation.MsgExpectedMatchAtLeastOneSchema, nil},
	{"object", validation.MsgExpectedMatchExactlyOneSchema, nil},
	{"object", "expected value to match exactly one schema but matched multiple", nil},
	{"object", validation.MsgExpectedNotMatchSchema, nil},
	{"object", validation.MsgExpectedMinProperties, []string{""}},
	{"object", validation.MsgExpectedMaxProperties, []string{""}},
	{"single", "expected at most one value, but received multiple values", nil},
	{"time", validation.MsgExpectedRFC3339DateTime, nil},
	{"time", validation.MsgExpectedRFC1123DateTime, nil},
	{"time", validation.MsgExpectedRFC3339Time, nil},
	{"time", "invalid date/time for format %s", []string{""}},
	{"time", "must be in UTC, e.g. %s, got %s", []string{"", ""}},
	{"date", validation.MsgExpectedRFC3339Date, nil},
	{"date", "must be a date such as 2027-03-01, got %s", []string{""}},
	{"years", "must be in the years %d to %d, got %s", []string{"min", "max", ""}},
	{"format", validation.MsgExpectedDuration, []string{""}},
	{"format", validation.MsgExpectedRFC5322Email, []string{""}},
	{"format", validation.MsgExpectedRFC5890Hostname, nil},
	{"format", validation.MsgExpectedRFC2673IPv4, nil},
	{"format", validation.MsgExpectedRFC2373IPv6, nil},
	{"format", validation.MsgExpectedRFCIPAddr, nil},
	{"format", validation.MsgExpectedRFC3986URI, []string{""}},
	{"format", validation.MsgExpectedRFC4122UUID, []string{""}},
	{"format", validation.MsgExpectedRFC6570URITemplate, nil},
	{"format", validation.MsgExpectedRFC6901JSONPointer, nil},
	{"format", validation.MsgExpectedRFC6901RelativeJSONPointer, nil},
	{"format", validation.MsgExpectedRegexp, []string{""}},
	{"format", validation.MsgExpectedBase64String, nil},
	{"format", validation.MsgExpectedMatchPattern, []string{""}},
	{"format", "must be 32 hex digits in lower case, got %s", []string{""}},
	{"format", validation.MsgExpectedBePattern, []string{""}},
	{"hs", "expected string to be 6 to 10 digits", nil},
	{"hs", "must be 6 to 10 digits, got %s", []string{""}},
	{"country", "expected string to be two capital letters, ISO 3166-1", nil},
	{"member", "expected string to be letters, digits and . _ @ -", nil},
	{"one_of", validation.MsgExpectedOneOf, []string{"choices"}},
	{"one_of", "must be one of %s, got %s", []string{"choices", ""}},
	{"one_of", "is missing; want %s", []string{"choices"}},
	{"one_of", "must be sea, air, rail or road, got %q", []string{"", "choices=sea, air, rail, road"}},
	{"unique", validation.MsgExpectedArrayItemsUnique, nil},
	{"unique", "%s is already that of %s", []string{"", ""}},
	{"min", validation.MsgExpectedMinimumNumber, []string{"min"}},
	{"min", "must not be negative, got %v", []string{"", "min=0"}},
	{"above", validation.MsgExpectedExclusiveMinimumNumber, []string{"min"}},
	{"above", "must be above 0, got %v", []string{"", "min=0"}},
	{"above", "must be more than 0", []string{"min=0"}},
	{"max", validation.MsgExpectedMaximumNumber, []string{"max"}},
	{"max", "must be at most %g, got %g", []string{"max", ""}},
	{"max", "must be at most %d, got %d", []string{"max", ""}},
	{"below", validation.MsgExpectedExclusiveMaximumNumber, []string{"max"}},
	{"multiple", validation.MsgExpectedNumberBeMultipleOf, []string{"of"}},
	{"range", "must be from %v to %v, got %v", []string{"min", "max", ""}},
	{"range", "must be from %d to %d, got %d", []string{"min", "max", ""}},
	{"range", "must be from 0 to %g, got %g", []string{"max", "", "min=0"}},
	{"range", "must be from 0 to 100, got %g", []string{"", "min=0", "max=100"}},
	{"range", "must be from 0.25 to 60, got %g", []string{"", "min=0.25", "max=60"}},
	{"series", "must be from 1 on where series is set, and 0 where it is not, got %d", []string{""}},
	{"min_length", validation.MsgExpectedMinLength, []string{"min"}},
	{"max_length", validation.MsgExpectedMaxLength, []string{"max"}},
	{"max_length", "must be at most %d bytes long, is %d", []string{"max", ""}},
	{"min_items", validation.MsgExpectedMinItems, []string{"min"}},
	{"max_items", validation.MsgExpectedMaxItems, []string{"max"}},
	{"max_items", "must have at most %d entries, has %d", []string{"max", ""}},
	{"max_items", "must have at most %d numbers, has %d", []string{"max", ""}},
	{"max_items", "there may be at most %d, got %d", []string{"max", ""}},
	{"numbers", "must have one number, or one for each of the %d days, has %d", []string{"n", ""}},
	{"spaces", "must not begin or end with a space, got %s", []string{""}},
	{"characters", "must be UTF-8, got %s", []string{""}},
	{"characters", "must have no control character, got %s", []string{""}},
	{"after", "must be after %s, %s, got %s", []string{"", "time", ""}},
	{"not_before", "must not be before %s, %s, got %s", []string{"", "time", ""}},
	{"after_ready", "must be after ready", nil},
	{"after_shut", "must be after it is shut", nil},
	{"future", "must be in the future; to open the passage now, reopen it", nil},
	{"three_months", "must not be more than three months ago", nil},
	{"past", "must not be after today, got %s", []string{""}},
	{"differ", "must not be the place that it leaves from, %s", []string{""}},
	{"differ", "is the same as the call before", nil},
	{"place", "there is no such place; take the id of one in /api/snapshot", nil},
	{"place", "must be a port (UN/LOCODE) or airport (IATA), got %q", []string{""}},
	{"reach", "%s is a place of kind %s, where nothing goes by %s", []string{"place", "", ""}},
	{"passage", "must be the id of a strait or canal, got %s; known are %s", []string{"", ""}},
	{"passage", "must be the id of a strait or canal, got %q; GET /api/passages lists them", []string{""}},
	{"warehouse", "must be the id of a registered warehouse, got %q", []string{""}},
	{"calls", "must be 2 to 12 ports or airports, got %d", []string{""}},
	{"factor_room", "is wanted: 2 for twice the room, 0 to close it; or say public", nil},
	{"factor_demand", "is wanted: 1.2 for a fifth more", nil},
	{"tier", "must be from 1 to %d and later than that of the tier before, got %d", []string{"max", ""}},
	{"booking", "must be that of the booking, %s, got %s", []string{"", ""}},
	{"co2e_class", "no CO2e factors by %q", []string{""}},
	{"co2e_class", "%q is no class by %s; there are %s", []string{"", "", ""}},
	{"quote", "is no quote of yours", nil},
	{"quote", "must be what was quoted, and left out where that is a request that is there", nil},
	{"quote", "is not what was quoted; quote it again", nil},
	{"nothing", "nothing to change", nil},
	{"nothing", "nothing to change; give delay_hours, cancelled, capacity_m3 with capacity_kg, or rate", nil},
	{"scopes", "a key of a %s may have read and %s", []string{"", ""}},
	{"key", "this key was used for another command; make a new one", nil},
	{"more", "and %d more", []string{"n"}},
	{"table_large", "the table has more than %d rows or %d columns; send it in parts", []string{"rows", "columns"}},
	{"table_cell", "row %d, column %d: the cell holds more than %d bytes", []string{"row", "column", ""}},
	{"table_empty", "the file is empty", nil},
	{"table_empty", "the first sheet has no cells", nil},
	{"table_empty", "the file has no sheet", nil},
	{"table_old", "this is a file of Excel 97–2003 or one with a password; save it as .xlsx without a password", nil},
	{"table_unreadable", "this is no XLSX file that can be read", nil},
	{"table_unreadable", "this is no XLSX file that can be read: %s", []string{""}},
	{"table_unreadable", "sheet %q cannot be read: %s", []string{"", ""}},
	{"table_unreadable", "row %d cannot be read: %s", []string{"", ""}},
	{"table_unreadable", "the sheet ends after row %d: %s", []string{"", ""}},
	{"table_unreadable", "this is neither an XLSX file nor text", nil},
	{"table_encoding", "the text is neither UTF-8, UTF-16 nor GB 18030; save it as CSV UTF-8", nil},
}

var verbs = regexp.MustCompile(`%[a-z]`)

type faultPattern struct {
	*faultKind
	said *regexp.Regexp
}

// faultPatterns know a message by its words; that of most words of its own comes first. They are made when first asked for: most
// commands have no use for them.
var faultPatterns = sync.OnceValue(func() []faultPattern {
	list := make([]faultPattern, len(faultKinds))
	for i := range faultKinds {
		k := &faultKinds[i]
		list[i] = faultPattern{k, regexp.MustCompile("^" + strings.Join(mapped(verbs.Split(k.format, -1), regexp.QuoteMeta), "(.*?)") + "$")}
	}
	slices.SortStableFunc(list, func(a, b faultPattern) int {
		return cmp.Compare(len(verbs.ReplaceAllString(b.format, "")), len(verbs.ReplaceAllString(a.format, "")))
	})
	return list
})

// faultOf returns the code of what is wrong with a field, and what its words are filled with; "" of words that are not known.
func faultOf(message string) (string, map[string]string) {
	for _, p := range faultPatterns() {
		m := p.said.FindStringSubmatch(message)
		if m == nil {
			continue
		}
		var params map[string]string
		for i, name := range p.params {
			name, value, given := strings.Cut(name, "=")
			if !given && i+1 < len(m) {
				value = m[i+1]
			}
			if name == "" {
				continue
			}
			if params == nil {
				params = make(map[string]string)
			}
			params[name] = cut(value, 300)
		}
		return p.code, params
	}
	return "", nil
}

// fault is what is wrong with one field, as a problem tells it.
type fault struct {
	huma.ErrorDetail
	Code   string            `json:"code,omitempty"`
	Params map[string]string `json:"params,omitempty"`
}

// problem is huma's, with the code of each fault.
type problem struct {
	huma.ErrorModel
	Errors []fault `json:"errors,omitempty"`
}

func problemWithCodes(p *huma.ErrorModel) *problem {
	out := &problem{ErrorModel: *p}
	for _, e := range p.Errors {
		if e != nil {
			code, params := faultOf(e.Message)
			out.Errors = append(out.Errors, fault{*e, code, params})
		}
	}
	return out
}

// describeFaults adds what faults have of ours to huma's description of them.
func describeFaults(a huma.API) {
	detail := a.OpenAPI().Components.Schemas.Map()["ErrorDetail"]
	if detail == nil {
		return // no operation can fail
	}
	detail.Properties["code"] = &huma.Schema{Type: huma.TypeString, Description: "Kind of the fault, for programs that word it themselves; left out of one that has none"}
	detail.Properties["params"] = &huma.Schema{Type: huma.TypeObject, AdditionalProperties: &huma.Schema{Type: huma.TypeString},
		Description: "What the words of that kind are filled with: min, max, choices, field and the like"}
}
