package web

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"
)

func TestReadTable(t *testing.T) {
	want := [][]string{{"货物", "m3"}, {"地毯", "12.5"}, {}, {"a\nb", "=1+1"}}
	text := "货物,m3\r\n地毯,12.5\r\n\r\n\"a\nb\",'=1+1\r\n\r\n"
	gb, err := simplifiedchinese.GB18030.NewEncoder().String(text)
	require.NoError(t, err)
	wide, err := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().String(text)
	require.NoError(t, err)
	for name, file := range map[string]string{"UTF-8": text, "with a mark": "\ufeff" + text, "GB 18030": gb, "UTF-16": wide,
		"tabs": strings.ReplaceAll(text, ",", "\t"), "semicolons": strings.ReplaceAll(text, ",", ";")} {
		got, err := ReadTable([]byte(file))
		require.NoError(t, err, name)
		assert.Equal(t, want, got.Rows, name)
	}
	for file, told := range map[string]string{
		"":                                    "empty",
		"\n\n":                                "no cells",
		"a\x00b":                              "neither",
		"\xd0\xcf\x11\xe0rest":                "97–2003",
		"PK\x03\x04rest":                      "no XLSX",
		strings.Repeat("a,", 100):             "64 columns",
		strings.Repeat("a\n", tableRows+1):    "20001 rows",
		strings.Repeat("x", tableCellBytes+1): "row 1, column 1",
	} {
		_, err := ReadTable([]byte(file))
		assert.ErrorContains(t, err, told)
	}
}

func TestTablesComeBackAsTheyWereWritten(t *testing.T) {
	table := Table{Rows: [][]string{{"id", "goods", "hs_code", "m3"}, {"1", "=HYPERLINK(\"http://x\")", "0101210000", "12.5"}, {"2", "@x", "8712003000123456", "-3"}, {"3", "海绵 <b>", "", "1e3"}}}
	for name, write := range map[string]func(*bytes.Buffer) error{
		"csv":  func(b *bytes.Buffer) error { return WriteCSV(b, table) },
		"xlsx": func(b *bytes.Buffer) error { return WriteXLSX(b, table) },
	} {
		var file bytes.Buffer
		require.NoError(t, write(&file))
		if name == "csv" {
			assert.Contains(t, file.String(), `"'=HYPERLINK`, "not run as a formula")
		}
		got, err := ReadTable(file.Bytes())
		require.NoError(t, err, name)
		assert.Equal(t, table, got, name)
	}
}

func TestTablesOverTheAPI(t *testing.T) {
	s := newService(t)
	r := s.call(Exporter, "bikes", "POST", "/api/tables/write?format=xlsx", Table{Rows: [][]string{{"a"}, {"1"}}})
	require.Equal(t, 200, r.status, r.raw)
	assert.Contains(t, r.header.Get("Content-Type"), "spreadsheetml")
	back := s.call(Exporter, "bikes", "POST", "/api/tables/read", r.raw)
	var got Table
	s.into(back, 200, &got)
	assert.Equal(t, [][]string{{"a"}, {"1"}}, got.Rows)
	s.refused(s.call(Exporter, "bikes", "POST", "/api/tables/read", "PK\x03\x04"), 422, "body")
	s.refused(s.call("", "", "POST", "/api/tables/read", "a"), 401, "")
}

func FuzzReadTable(f *testing.F) {
	var file bytes.Buffer
	require.NoError(f, WriteXLSX(&file, Table{Rows: [][]string{{"a", "b"}, {"1", "=x"}}}))
	f.Add(file.Bytes())
	f.Add([]byte("a,b\n1,\"2\n3\"\n"))
	f.Add([]byte("\xff\xfea\x00,\x00b\x00"))
	f.Fuzz(func(t *testing.T, file []byte) {
		table, err := ReadTable(file)
		if err != nil {
			return
		}
		require.NotEmpty(t, table.Rows)
		require.LessOrEqual(t, len(table.Rows), tableRows)
		// What was read can be written and read again.
		var again bytes.Buffer
		require.NoError(t, WriteXLSX(&again, table))
		second, err := ReadTable(again.Bytes())
		require.NoError(t, err)
		require.Len(t, second.Rows, len(table.Rows))
	})
}
