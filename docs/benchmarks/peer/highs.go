package main

/*
#cgo CFLAGS: -I${SRCDIR}/../../../.cache/highs/include/highs
#cgo LDFLAGS: -L${SRCDIR}/../../../.cache/highs/lib -lhighs -Wl,-rpath,${SRCDIR}/../../../.cache/highs/lib
#include <stdlib.h>
#include "interfaces/highs_c_api.h"
*/
import "C"

import (
	"errors"
	"fmt"
	"math"
	"time"
	"unsafe"
)

// The constants of HiGHS' header cannot be linked from here.
const (
	statusError  = -1
	modelOptimal = 7
	modelTime    = 13
	nameBytes    = 512
)

var errTime = errors.New("the time is up")

// highs is HiGHS by its C API.
type highs struct {
	h            unsafe.Pointer
	index        []C.HighsInt
	start        []C.HighsInt
	value        []float64
	lower, upper []float64
}

func check(status C.HighsInt) {
	if status == statusError {
		panic("HiGHS says error")
	}
}

func newHighs() *highs {
	h := &highs{h: C.Highs_create()}
	h.option("output_flag", false)
	h.option("solver", "simplex")
	return h
}

func (h *highs) option(name string, value any) {
	n := C.CString(name)
	defer C.free(unsafe.Pointer(n))
	switch v := value.(type) {
	case bool:
		b := C.HighsInt(0)
		if v {
			b = 1
		}
		check(C.Highs_setBoolOptionValue(h.h, n, b))
	case int:
		check(C.Highs_setIntOptionValue(h.h, n, C.HighsInt(v)))
	case float64:
		check(C.Highs_setDoubleOptionValue(h.h, n, C.double(v)))
	case string:
		s := C.CString(v)
		defer C.free(unsafe.Pointer(s))
		check(C.Highs_setStringOptionValue(h.h, n, s))
	}
}

// begin, entry and vector gather the rows or columns to add next.
func (h *highs) begin() {
	h.index, h.start, h.value, h.lower, h.upper = h.index[:0], h.start[:0], h.value[:0], h.lower[:0], h.upper[:0]
}

func (h *highs) vector(lower, upper float64) {
	h.start, h.lower, h.upper = append(h.start, C.HighsInt(len(h.index))), append(h.lower, lower), append(h.upper, upper)
}

func (h *highs) entry(index int32, value float64) {
	h.index, h.value = append(h.index, C.HighsInt(index)), append(h.value, value)
}

func (h *highs) addRows() {
	if len(h.start) > 0 {
		check(C.Highs_addRows(h.h, C.HighsInt(len(h.start)), doubles(h.lower), doubles(h.upper), C.HighsInt(len(h.index)), ints(h.start), ints(h.index), doubles(h.value)))
	}
}

func (h *highs) addColumns(cost []float64) {
	if len(h.start) > 0 {
		check(C.Highs_addCols(h.h, C.HighsInt(len(h.start)), doubles(cost), doubles(h.lower), doubles(h.upper), C.HighsInt(len(h.index)), ints(h.start), ints(h.index), doubles(h.value)))
	}
}

func doubles(x []float64) *C.double {
	if len(x) == 0 {
		return nil
	}
	return (*C.double)(unsafe.Pointer(&x[0]))
}

func ints(x []C.HighsInt) *C.HighsInt {
	if len(x) == 0 {
		return nil
	}
	return &x[0]
}

// run solves what there is, from the basis that there is, until the time given.
func (h *highs) run(until time.Time) error {
	left := time.Until(until)
	if left <= 0 {
		return errTime
	}
	h.option("time_limit", float64(C.Highs_getRunTime(h.h))+left.Seconds())
	check(C.Highs_run(h.h))
	switch status := C.Highs_getModelStatus(h.h); status {
	case modelOptimal:
		return nil
	case modelTime:
		return errTime
	default:
		return fmt.Errorf("HiGHS ends with model status %d", status)
	}
}

// solution fills in the values of the columns and the duals of the rows.
func (h *highs) solution(x, dual []float64) {
	check(C.Highs_getSolution(h.h, doubles(x), nil, nil, doubles(dual)))
}

func (h *highs) read(path string) error {
	name := C.CString(path)
	defer C.free(unsafe.Pointer(name))
	if C.Highs_readModel(h.h, name) == statusError {
		return fmt.Errorf("%s: HiGHS cannot read it", path)
	}
	return nil
}

func (h *highs) size() (columns, rows int) {
	return int(C.Highs_getNumCol(h.h)), int(C.Highs_getNumRow(h.h))
}

func (h *highs) columnName(i int) string {
	var text [nameBytes]C.char
	check(C.Highs_getColName(h.h, C.HighsInt(i), &text[0]))
	return C.GoString(&text[0])
}

func (h *highs) rowName(i int) string {
	var text [nameBytes]C.char
	check(C.Highs_getRowName(h.h, C.HighsInt(i), &text[0]))
	return C.GoString(&text[0])
}

func highsVersion() string { return C.GoString(C.Highs_version()) }

var infinity = math.Inf(1)
