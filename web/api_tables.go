package web

import (
	"bytes"
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"haihe/planner/access"
)

// maxTableBytes is how large a file of a table may be.
const maxTableBytes = 16 << 20

type tableInput struct {
	RawBody []byte `contentType:"application/octet-stream"`
}

type tableAnswer struct {
	Body Table
}

type tableOutput struct {
	Format string `query:"format" enum:"xlsx,csv" default:"xlsx"`
	Body   Table
}

type tableFile struct {
	ContentType        string `header:"Content-Type"`
	ContentDisposition string `header:"Content-Disposition"`
	Body               []byte `contentType:"application/octet-stream"`
}

func (s *Server) apiTables(a huma.API) {
	operation(s, a, huma.Operation{OperationID: "read-table", Method: http.MethodPost, Path: "/api/tables/read", Tags: []string{"tables"},
		Summary: "The cells of an XLSX or CSV file",
		Description: "The first sheet, as text; numbers and dates of XLSX as Excel keeps them, so a date is the days since 1899-12-30. CSV may be " +
			"separated by comma, semicolon or tab, in UTF-8, UTF-16 or GB 18030. Nothing is kept.", MaxBodyBytes: maxTableBytes, Metadata: scoped(access.Read)},
		everybody, func(_ context.Context, _ session, in *tableInput) (*tableAnswer, error) {
			t, err := ReadTable(in.RawBody)
			if err != nil {
				return nil, wrongField("body", err.Error(), nil)
			}
			return &tableAnswer{t}, nil
		})
	operation(s, a, huma.Operation{OperationID: "write-table", Method: http.MethodPost, Path: "/api/tables/write", Tags: []string{"tables"},
		Summary: "Cells as an XLSX or CSV file", Description: "The first row is its head. Nothing is kept.", MaxBodyBytes: maxTableBytes, Metadata: scoped(access.Read)},
		everybody, func(_ context.Context, _ session, in *tableOutput) (*tableFile, error) {
			var file bytes.Buffer
			out := &tableFile{ContentType: "text/csv; charset=utf-8", ContentDisposition: `attachment; filename="haihe.csv"`}
			write := WriteCSV
			if in.Format == "xlsx" {
				out.ContentType, out.ContentDisposition = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", `attachment; filename="haihe.xlsx"`
				write = WriteXLSX
			}
			if err := write(&file, in.Body); err != nil {
				return nil, wrongField("body", err.Error(), nil)
			}
			out.Body = file.Bytes()
			return out, nil
		})
}
