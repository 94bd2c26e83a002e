package enginetest

import (
	"math/big"
	"reflect"
)

// bigText prints a *big.Int that reflection may read but not hand out.
func bigText(v reflect.Value) string {
	words := v.Elem().FieldByName("abs")
	bits := make([]big.Word, words.Len())
	for i := range bits {
		bits[i] = big.Word(words.Index(i).Uint())
	}
	n := new(big.Int).SetBits(bits)
	if v.Elem().FieldByName("neg").Bool() {
		n.Neg(n)
	}
	return n.String()
}
