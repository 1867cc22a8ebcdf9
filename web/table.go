package web

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"
)

// What a table may hold at most.
const (
	tableRows      = 20_001 // with its head
	tableColumns   = 64
	tableCellBytes = 2000
	tableUnzipped  = 128 << 20
)

// Table is the text of the cells of one sheet, row by row. Rows may be of different lengths.
type Table struct {
	Rows [][]string `json:"rows" maxItems:"20001" nullable:"false"`
}

var errTooLarge = fmt.Errorf("the table has more than %d rows or %d columns; send it in parts", tableRows, tableColumns)

// ReadTable reads the first sheet of an XLSX file, or a CSV file. Empty rows keep their place, so that rows are numbered as
// in the file. The error says what is wrong with the file, for its owner.
func ReadTable(file []byte) (Table, error) {
	var t Table
	var err error
	switch {
	case len(file) == 0:
		return t, errors.New("the file is empty")
	case bytes.HasPrefix(file, []byte("PK\x03\x04")):
		t, err = readXLSX(file)
	case bytes.HasPrefix(file, []byte("\xd0\xcf\x11\xe0")):
		return t, errors.New("this is a file of Excel 97–2003 or one with a password; save it as .xlsx without a password")
	default:
		t, err = readCSV(file)
	}
	if err != nil {
		return Table{}, err
	}
	for len(t.Rows) > 0 && blank(t.Rows[len(t.Rows)-1]) {
		t.Rows = t.Rows[:len(t.Rows)-1]
	}
	if len(t.Rows) == 0 {
		return Table{}, errors.New("the first sheet has no cells")
	}
	return t, nil
}

func blank(row []string) bool { return strings.TrimSpace(strings.Join(row, "")) == "" }

func readXLSX(file []byte) (t Table, err error) {
	// The parser meets files that no spreadsheet wrote.
	defer func() {
		if p := recover(); p != nil {
			err = errors.New("this is no XLSX file that can be read")
		}
	}()
	f, err := excelize.OpenReader(bytes.NewReader(file), excelize.Options{UnzipSizeLimit: tableUnzipped, UnzipXMLSizeLimit: tableUnzipped, RawCellValue: true})
	if err != nil {
		return t, fmt.Errorf("this is no XLSX file that can be read: %s", cut(err.Error(), 200))
	}
	defer f.Close()
	sheets := f.GetSheetList()
	if len(sheets) == 0 {
		return t, errors.New("the file has no sheet")
	}
	rows, err := f.Rows(sheets[0])
	if err != nil {
		return t, fmt.Errorf("sheet %q cannot be read: %s", cut(sheets[0], 60), cut(err.Error(), 200))
	}
	defer rows.Close()
	for rows.Next() {
		cells, err := rows.Columns()
		if err != nil {
			return t, fmt.Errorf("row %d cannot be read: %s", len(t.Rows)+1, cut(err.Error(), 200))
		}
		if err := t.add(cells); err != nil {
			return t, err
		}
	}
	if err := rows.Error(); err != nil {
		return t, fmt.Errorf("the sheet ends after row %d: %s", len(t.Rows), cut(err.Error(), 200))
	}
	return t, nil
}

// add takes a row, without the empty cells at its end.
func (t *Table) add(cells []string) error {
	for len(cells) > 0 && cells[len(cells)-1] == "" {
		cells = cells[:len(cells)-1]
	}
	if len(t.Rows) >= tableRows && len(cells) == 0 {
		return nil // a sheet whose format goes on below its cells
	}
	if len(t.Rows) >= tableRows || len(cells) > tableColumns {
		return errTooLarge
	}
	row := make([]string, len(cells))
	for i, c := range cells {
		if len(c) > tableCellBytes {
			return fmt.Errorf("row %d, column %d: the cell holds more than %d bytes", len(t.Rows)+1, i+1, tableCellBytes)
		}
		row[i] = bare(strings.ToValidUTF8(strings.TrimSpace(c), "\uFFFD"))
	}
	t.Rows = append(t.Rows, row)
	return nil
}

func readCSV(file []byte) (Table, error) {
	text, err := decodeText(file)
	if err != nil {
		return Table{}, err
	}
	if strings.ContainsRune(text, 0) {
		return Table{}, errors.New("this is neither an XLSX file nor text")
	}
	r := csv.NewReader(strings.NewReader(text))
	r.FieldsPerRecord, r.LazyQuotes = -1, true
	r.Comma = separator(text)
	var t Table
	for {
		// The reader skips empty lines; rows are to be numbered as in the file.
		for rest := text[r.InputOffset():]; len(t.Rows) < tableRows; t.Rows = append(t.Rows, []string{}) {
			line, more, found := strings.Cut(rest, "\n")
			if !found || strings.TrimRight(line, "\r") != "" {
				break
			}
			rest = more
		}
		cells, err := r.Read()
		if errors.Is(err, io.EOF) {
			return t, nil
		}
		if err != nil {
			return t, err
		}
		if err := t.add(cells); err != nil {
			return t, err
		}
	}
}

// decodeText makes UTF-8 of what Excel and editors write. GB 18030 is what Excel in Chinese calls CSV.
func decodeText(file []byte) (string, error) {
	var by encoding.Encoding
	switch {
	case bytes.HasPrefix(file, []byte("\xef\xbb\xbf")):
		return string(file[3:]), nil
	case bytes.HasPrefix(file, []byte("\xff\xfe")), bytes.HasPrefix(file, []byte("\xfe\xff")):
		by = unicode.UTF16(unicode.LittleEndian, unicode.UseBOM)
	case utf8.Valid(file):
		return string(file), nil
	default:
		by = simplifiedchinese.GB18030
	}
	text, err := by.NewDecoder().Bytes(file)
	if err != nil {
		return "", errors.New("the text is neither UTF-8, UTF-16 nor GB 18030; save it as CSV UTF-8")
	}
	return string(text), nil
}

// separator is the one that the first line has most of.
func separator(text string) rune {
	head, _, _ := strings.Cut(text, "\n")
	best, most := ',', strings.Count(head, ",")
	for _, c := range []rune{'\t', ';'} {
		if n := strings.Count(head, string(c)); n > most {
			best, most = c, n
		}
	}
	return best
}

// A cell that begins with one of these may be run as a formula by a program that opens the CSV file.
const formula = "=+-@"

// guarded keeps a text from being taken for a formula; bare takes the guard off.
func guarded(cell string) string {
	if cell != "" && strings.Contains(formula, cell[:1]) {
		if _, err := strconv.ParseFloat(cell, 64); err != nil {
			return "'" + cell
		}
	}
	return cell
}

func bare(cell string) string {
	if len(cell) > 1 && cell[0] == '\'' && strings.Contains(formula, cell[1:2]) {
		return cell[1:]
	}
	return cell
}

// WriteCSV writes a table as CSV in UTF-8 with the mark by which Excel knows it.
func WriteCSV(w io.Writer, t Table) error {
	if _, err := io.WriteString(w, "\ufeff"); err != nil {
		return err
	}
	out := csv.NewWriter(w)
	out.UseCRLF = true
	for _, row := range t.Rows {
		safe := make([]string, len(row))
		for i, c := range row {
			safe[i] = guarded(c)
		}
		if err := out.Write(safe); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// WriteXLSX writes a table as a sheet whose head stays in sight. What reads as a number is one; all else is text.
func WriteXLSX(w io.Writer, t Table) error {
	f := excelize.NewFile()
	defer f.Close()
	const sheet = "Sheet1"
	s, err := f.NewStreamWriter(sheet)
	if err != nil {
		return err
	}
	if err := s.SetPanes(&excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"}); err != nil {
		return err
	}
	if err := s.SetColWidth(1, tableColumns, 18); err != nil {
		return err
	}
	bold, err := f.NewStyle(&excelize.Style{Font: &excelize.Font{Bold: true}})
	if err != nil {
		return err
	}
	for i, row := range t.Rows {
		if len(row) > tableColumns {
			return errTooLarge
		}
		cells := make([]any, len(row))
		for k, c := range row {
			switch {
			case i == 0:
				cells[k] = excelize.Cell{StyleID: bold, Value: c}
			case plainNumber(c):
				x, _ := strconv.ParseFloat(c, 64)
				cells[k] = x
			default:
				cells[k] = c
			}
		}
		at, err := excelize.CoordinatesToCellName(1, i+1)
		if err != nil {
			return err
		}
		if err := s.SetRow(at, cells); err != nil {
			return err
		}
	}
	if err := s.Flush(); err != nil {
		return err
	}
	return f.Write(w)
}

// plainNumber reports whether a text is a number and stays the same as one: a customs code with a leading zero, or of more
// digits than Excel keeps, does not.
func plainNumber(c string) bool {
	x, err := strconv.ParseFloat(c, 64)
	return err == nil && len(c) <= 15 && strconv.FormatFloat(x, 'f', -1, 64) == c
}
