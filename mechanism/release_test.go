package mechanism

import (
	"encoding/json"
	"errors"
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"log/slog"
	"math"
	"math/big"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/dpproxy/dpproxy/mechanism/mechanismtest"
	"github.com/dpproxy/dpproxy/privacy"
)

func cell(text string) Cell { return Cell{Text: text} }

// countSpec is count(*) with L1 = l1 and ε in nano-units.
func countSpec(l1 int64, epsilon privacy.Epsilon) Spec {
	return Spec{Name: "count(*)", Width: 1, Noise: Laplace, L1: big.NewInt(l1), L2Squared: big.NewInt(l1), Share: privacy.Loss{Epsilon: epsilon}}
}

func gaussianSpec(l2 int64, rho privacy.Rho) Spec {
	return Spec{Name: "count(*)", Width: 1, Noise: Gaussian, L1: big.NewInt(l2), L2Squared: big.NewInt(l2), Share: privacy.Loss{Rho: rho}}
}

// exactly is noise so small that it is 0 but for odds of e^-1000: for tests of everything else.
const exactly = 1000 * privacy.EpsilonUnits

func exactOf(t *testing.T, width int, rows ...[]string) *Exact {
	t.Helper()
	e := NewExact(width)
	for _, r := range rows { // key, units, values…
		if err := e.Add([]Cell{cell(r[0])}, r[1], r[2:]); err != nil {
			t.Fatal(err)
		}
	}
	return e
}

func show(n *Noisy) string {
	var b strings.Builder
	for _, g := range n.Groups {
		for _, k := range g.Keys {
			if k.Null {
				b.WriteString("NULL ")
			} else {
				b.WriteString(k.Text + " ")
			}
		}
		fmt.Fprintln(&b, g.Values)
	}
	return b.String()
}

func TestReleaseOnce(t *testing.T) {
	specs, sel := []Spec{countSpec(1, exactly)}, Selection{Kind: PublicKeys}
	e := exactOf(t, 1, []string{"a", "", "3"})
	public := [][]Cell{{cell("a")}}
	if _, err := Release(NewCryptoSource(), e, specs, sel, public); err != nil {
		t.Fatal(err)
	}
	if n, err := Release(NewCryptoSource(), e, specs, sel, public); !errors.Is(err, ErrReleased) || n != nil {
		t.Errorf("second release: %v, %v", n, err)
	}
	// A release that failed is a release: the next one must not be a second look.
	e = exactOf(t, 1, []string{"a", "", "3"})
	if _, err := Release(NewCryptoSource(), e, nil, sel, public); err == nil {
		t.Error("a number without a spec was released")
	}
	if _, err := Release(NewCryptoSource(), e, specs, sel, public); !errors.Is(err, ErrReleased) {
		t.Errorf("after a failure: %v", err)
	}
	if e.groups != nil {
		t.Error("true values are kept after the release")
	}
}

func TestPublicKeysAreAllReported(t *testing.T) {
	specs, sel := []Spec{countSpec(1, exactly), {Name: "pair", Width: 2, Noise: Laplace, L1: big.NewInt(1), L2Squared: big.NewInt(1), Share: privacy.Loss{Epsilon: exactly}}}, Selection{Kind: PublicKeys}
	e := exactOf(t, 3, []string{"z", "", "7", "8", "9"}, []string{"not in the list", "", "1", "1", "1"}, []string{"b", "", "-4", "5", "100000000000000000000"})
	n, err := Release(NewCryptoSource(), e, specs, sel, [][]Cell{{cell("b")}, {cell("a")}, {{Null: true}}, {cell("z")}})
	want := "b [-4 5 100000000000000000000]\na [0 0 0]\nNULL [0 0 0]\nz [7 8 9]\n"
	if err != nil || show(n) != want {
		t.Errorf("got\n%s%v, want\n%s", show(n), err, want)
	}
	// Without GROUP BY there is one row, also on no data.
	n, err = Release(NewCryptoSource(), NewExact(1), specs[:1], sel, [][]Cell{{}})
	if err != nil || show(n) != "[0]\n" {
		t.Errorf("no keys, no data: %q, %v", show(n), err)
	}
	// NULL and the text "NULL" or "" are different keys; so are rows whose texts run together alike.
	e = NewExact(1)
	for i, keys := range [][]Cell{{{Null: true}, cell("")}, {cell(""), {Null: true}}, {cell("a;1:b"), cell("")}, {cell("a"), cell("b")}} {
		if err := e.Add(keys, "", []string{strconv.Itoa(i + 1)}); err != nil {
			t.Fatal(err)
		}
	}
	n, err = Release(NewCryptoSource(), e, specs[:1], sel, [][]Cell{{cell("a"), cell("b")}, {cell(""), {Null: true}}, {cell(""), cell("")}, {{Null: true}, cell("")}})
	if err != nil || fmt.Sprint(n.Groups[0].Values, n.Groups[1].Values, n.Groups[2].Values, n.Groups[3].Values) != "[4] [2] [0] [1]" {
		t.Errorf("keys were mixed up: %v, %v", show(n), err)
	}
}

func TestReleaseRefuses(t *testing.T) {
	ok := countSpec(1, 1e9)
	noDelta := Selection{Kind: OwnThreshold, Threshold: 20, Groups: 1}
	good := Selection{Kind: OwnThreshold, Threshold: 20, Groups: 1, Share: privacy.Loss{Delta: 1e12}}
	change := func(f func(*Selection)) Selection { s := good; f(&s); return s }
	for _, c := range []struct {
		name   string
		rows   [][]string
		specs  []Spec
		sel    Selection
		public [][]Cell
	}{
		{"no noise", nil, []Spec{{Name: "x", Width: 1}}, Selection{Kind: PublicKeys}, nil},
		{"no share", nil, []Spec{countSpec(1, 0)}, Selection{Kind: PublicKeys}, nil},
		{"negative share", nil, []Spec{countSpec(1, -1)}, Selection{Kind: PublicKeys}, nil},
		{"no sensitivity", nil, []Spec{countSpec(0, 1)}, Selection{Kind: PublicKeys}, nil},
		{"Gaussian without ρ", nil, []Spec{gaussianSpec(1, 0)}, Selection{Kind: PublicKeys}, nil},
		{"no width", nil, []Spec{{Name: "x", Noise: Laplace, L1: big.NewInt(1), Share: privacy.Loss{Epsilon: 1}}}, Selection{Kind: PublicKeys}, nil},
		{"too many specs", nil, []Spec{ok, ok}, Selection{Kind: PublicKeys}, nil},
		{"no selection", nil, []Spec{ok}, Selection{}, nil},
		{"no δ", nil, []Spec{ok}, noDelta, nil},
		{"δ above 1", nil, []Spec{ok}, change(func(s *Selection) { s.Share.Delta = privacy.DeltaUnits + 1 }), nil},
		{"no groups", nil, []Spec{ok}, change(func(s *Selection) { s.Groups = 0 }), nil},
		{"threshold of another spec", nil, []Spec{ok}, change(func(s *Selection) { s.Spec = 1 }), nil},
		{"threshold below what δ needs", nil, []Spec{ok}, change(func(s *Selection) { s.Threshold = 14 }), nil},
		{"Gaussian threshold without ρ", nil, []Spec{ok}, change(func(s *Selection) { s.Kind = GaussianThreshold }), nil},
		{"same key twice in the list", nil, []Spec{ok}, Selection{Kind: PublicKeys}, [][]Cell{{cell("a")}, {cell("a")}}},
		{"list of uneven keys", nil, []Spec{ok}, Selection{Kind: PublicKeys}, [][]Cell{{cell("a")}, {}}},
		{"same group twice, public", [][]string{{"a", "", "1"}, {"a", "", "2"}}, []Spec{ok}, Selection{Kind: PublicKeys}, [][]Cell{{cell("a")}}},
		{"same group twice, private", [][]string{{"a", "", "1"}, {"a", "", "2"}}, []Spec{ok}, good, nil},
	} {
		n, err := Release(NewCryptoSource(), exactOf(t, 1, c.rows...), c.specs, c.sel, c.public)
		if err == nil || n != nil {
			t.Errorf("%s: released %v", c.name, n)
		}
	}
	if _, err := Release(NewCryptoSource(), exactOf(t, 1), []Spec{ok}, good, nil); err != nil {
		t.Errorf("the good one: %v", err)
	}
}

func TestPrivateGroupsLeaveNoTrace(t *testing.T) {
	spec := countSpec(1, exactly)
	share := privacy.Loss{Epsilon: exactly, Delta: 1e9, Rho: 1e15}
	rows := [][]string{{"big", "50", "50"}, {"empty", "0", "50"}, {"small", "1", "1"}, {"missing", "", "60"}, {"at", "10", "10"}, {"below", "9", "9"}}
	for _, c := range []struct {
		sel  Selection
		want string
	}{
		{Selection{Kind: OwnThreshold, Threshold: 10, Groups: 1, Share: share}, "at big missing"},
		{Selection{Kind: OwnThreshold, Threshold: 11, Groups: 1, Share: share}, "big missing"},
		{Selection{Kind: GaussianThreshold, Threshold: 10, Groups: 1, Share: share}, "at big"},
		{Selection{Kind: GaussianThreshold, Threshold: 3, MinUnits: 10, Groups: 1, Share: share}, "at big"},
		{Selection{Kind: Optimal, MinUnits: 9, Groups: 1, Share: share}, "at big"}, // of "below" the rule sees 1 unit
		{Selection{Kind: Optimal, MinUnits: 10, Groups: 1, Share: share}, "big"},
		{Selection{Kind: Optimal, Groups: 1, Share: share}, "at below big"},
	} {
		for range 5 {
			n, err := Release(NewCryptoSource(), exactOf(t, 1, rows...), []Spec{spec}, c.sel, nil)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, g := range n.Groups {
				got = append(got, g.Keys[0].Text)
			}
			if cap(n.Groups) > 2*len(n.Groups) {
				t.Errorf("room for %d groups tells of those that are gone", cap(n.Groups))
			}
			if sortedWords(got) != c.want {
				t.Errorf("%v min %d: kept %q, want %q", c.sel.Kind, c.sel.MinUnits, sortedWords(got), c.want)
			}
		}
	}
}

func sortedWords(words []string) string {
	for i := range words {
		for j := i; j > 0 && words[j] < words[j-1]; j-- {
			words[j], words[j-1] = words[j-1], words[j]
		}
	}
	return strings.Join(words, " ")
}

// A group of one unit is seen no more often than δ/L0 says, and about as often; noise of a scale that is 20 % too small
// against the same threshold is caught.
func TestOneUnitIsSeenWithProbabilityDelta(t *testing.T) {
	const n = 40_000
	delta, _ := privacy.ParseDeltaDown("0.02")
	seen := func(sel Selection, spec Spec, seed uint64) int {
		e := NewExact(1)
		for i := range n {
			if err := e.Add([]Cell{cell(strconv.Itoa(i))}, "1", []string{"1"}); err != nil {
				t.Fatal(err)
			}
		}
		noisy, err := Release(mechanismtest.Seeded(t, seed), e, []Spec{spec}, sel, nil)
		if err != nil {
			t.Fatal(err)
		}
		return len(noisy.Groups)
	}
	const groups = 4 // L0
	p := 0.02 / groups
	limit := 6.1 * math.Sqrt(n*p)
	share := privacy.Loss{Epsilon: 1e9, Delta: delta, Rho: 5e8}

	spec := countSpec(groups, 1e8) // b = 40: τ is not far from continuous
	tau, err := spec.Threshold(1, delta, groups)
	if err != nil {
		t.Fatal(err)
	}
	own := Selection{Kind: OwnThreshold, Threshold: tau, Groups: groups, Share: share}
	if got := float64(seen(own, spec, 1)); got > n*p+limit || got < 0.9*n*p-limit {
		t.Errorf("own threshold: %v of %d seen, want %v", got, n, n*p)
	}
	// A threshold that was made for less noise is refused.
	if _, err := Release(NewCryptoSource(), NewExact(1), []Spec{countSpec(groups, 8e7)}, own, nil); !errors.Is(err, ErrThreshold) {
		t.Errorf("a scale that does not fit the threshold: %v", err)
	}

	g := Selection{Kind: GaussianThreshold, Groups: groups, Share: privacy.Loss{Delta: delta, Rho: 1e6}}
	if g.Threshold, err = g.UnitThreshold(); err != nil {
		t.Fatal(err)
	}
	if got := float64(seen(g, spec, 3)); got > n*p+limit || got < 0.9*n*p-limit {
		t.Errorf("Gaussian threshold: %v of %d seen, want %v", got, n, n*p)
	}
	// The same count catches a threshold that is made for a σ 20 % smaller than the noise's.
	g.Share.Rho = 64e4
	if got := float64(seen(g, spec, 2)); got < n*p+limit {
		t.Errorf("a threshold that is too low passes: %v of %d seen", got, n)
	}
	optimal := Selection{Kind: Optimal, Groups: groups, Share: share}
	if got := float64(seen(optimal, spec, 4)); math.Abs(got-n*p) > limit {
		t.Errorf("optimal: %v of %d seen, want %v", got, n, n*p)
	}
}

// The engine's order of groups has no influence, not even on the order of the result.
func TestEngineOrderDoesNotMatter(t *testing.T) {
	sel := Selection{Kind: OwnThreshold, Threshold: 20, Groups: 1, Share: privacy.Loss{Delta: 1e12}}
	forward := exactOf(t, 1, []string{"a", "", "100"}, []string{"b", "", "200"}, []string{"c", "", "300"})
	backward := exactOf(t, 1, []string{"c", "", "300"}, []string{"b", "", "200"}, []string{"a", "", "100"})
	one, err1 := Release(mechanismtest.Seeded(t, 7), forward, []Spec{countSpec(1, 1e9)}, sel, nil)
	two, err2 := Release(mechanismtest.Seeded(t, 7), backward, []Spec{countSpec(1, 1e9)}, sel, nil)
	if err1 != nil || err2 != nil || show(one) != show(two) || len(one.Groups) != 3 {
		t.Errorf("%s%s%v %v", show(one), show(two), err1, err2)
	}
}

// Every number has its own noise: across groups, numbers of a spec and specs the correlation is within 6 standard errors of 0.
func TestEveryNumberHasItsOwnNoise(t *testing.T) {
	const n = 20_000
	e, public := NewExact(4), make([][]Cell, n)
	for i := range public {
		public[i] = []Cell{cell(strconv.Itoa(i))}
	}
	pair := countSpec(10, 1e9)
	pair.Width = 2
	noisy, err := Release(mechanismtest.Seeded(t, 8), e, []Spec{countSpec(10, 1e9), pair, gaussianSpec(100, 1e8)}, Selection{Kind: PublicKeys}, public)
	if err != nil {
		t.Fatal(err)
	}
	plain := func(x float64) float64 { return x }
	columns := make([][]float64, 4)
	for _, g := range noisy.Groups {
		for i, v := range g.Values {
			columns[i] = append(columns[i], float64(v.Int64()))
		}
	}
	for i := range columns {
		for j := range i {
			if r := correlation(columns[i], columns[j], plain, plain); math.Abs(r) > 6/math.Sqrt(n) {
				t.Errorf("numbers %d and %d: correlation %g", i, j, r)
			}
		}
		if r := correlation(columns[i][1:], columns[i][:n-1], plain, plain); math.Abs(r) > 6/math.Sqrt(n) {
			t.Errorf("number %d across groups: correlation %g", i, r)
		}
	}
	// And each has the scale of its spec: b = 10, variance about 200; σ² = 100/(2·0.1) = 500.
	for i, want := range []float64{200, 200, 200, 500} {
		s := 0.0
		for _, x := range columns[i] {
			s += x * x
		}
		if got := s / n; math.Abs(got-want) > 6*want*math.Sqrt(5.0/n) {
			t.Errorf("number %d: variance %g, want %g", i, got, want)
		}
	}
}

func TestSpecScales(t *testing.T) {
	if b := countSpec(6, 333_333_333).LaplaceScale(); b.Cmp(rat("6000000000/333333333")) != 0 {
		t.Errorf("b = %v", b)
	}
	if v := gaussianSpec(6, 125_000_000).GaussianVariance(); v.Cmp(rat("24")) != 0 {
		t.Errorf("σ² = %v", v)
	}
	if countSpec(6, 0).LaplaceScale() != nil || countSpec(6, 1).GaussianVariance() != nil || gaussianSpec(6, 1).LaplaceScale() != nil {
		t.Error("a scale of an invalid or another noise")
	}
}

func TestHalfPoint(t *testing.T) {
	share := privacy.Loss{Epsilon: 1e9, Delta: 1e12}
	specs := []Spec{countSpec(1, 1e9)}
	optimal := Selection{Kind: Optimal, Groups: 1, Share: share}
	half, err := optimal.HalfPoint(specs)
	if err != nil || half < 12 || half > 15 { // (1/ε)·ln(1/δ) ≈ 13.8
		t.Errorf("HalfPoint = %d, %v", half, err)
	}
	optimal.MinUnits = 10
	if raised, err := optimal.HalfPoint(specs); err != nil || raised != half+9 {
		t.Errorf("with min_units 10: %d, %v", raised, err)
	}
	own := Selection{Kind: OwnThreshold, Threshold: 20, Groups: 1, Share: share}
	if half, err := own.HalfPoint(specs); err != nil || half != 20 {
		t.Errorf("own threshold: %d, %v", half, err)
	}
}

func TestExactPrintsNowhere(t *testing.T) {
	e := exactOf(t, 1, []string{"secret", "5", "424242"})
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "exact", e)
	js, err := json.Marshal(e)
	text := fmt.Sprintf("%v %+v %#v %s %d %x %q", e, e, e, e, e, e, e) + log.String() + string(js) + fmt.Sprint(err)
	if strings.Contains(text, "4242") || strings.Contains(text, "secret") || err == nil {
		t.Errorf("true values were printed: %s", text)
	}
	for _, bad := range []error{e.Add(nil, "", []string{"1", "2"}), e.Add(nil, "4x2", []string{"1"}), e.Add(nil, "", []string{"98.6"})} {
		if bad == nil || strings.Contains(bad.Error(), "98.6") || strings.Contains(bad.Error(), "4x2") {
			t.Errorf("error %v", bad)
		}
	}
}

// No production file may reach the seeded source: a build with predictable noise must not exist.
func TestSeededSourceIsForTestsOnly(t *testing.T) {
	files := 0
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return nil // a file that does not parse is in no build
		}
		files++
		for _, i := range f.Imports {
			name, _ := strconv.Unquote(i.Path.Value)
			if strings.HasSuffix(name, "/mechanismtest") && !strings.Contains(filepath.Base(filepath.Dir(path)), "test") {
				t.Errorf("%s imports %s", path, name)
			}
			if strings.HasPrefix(name, "math/rand") && strings.Contains(path, "mechanism") {
				t.Errorf("%s imports %s", path, name)
			}
		}
		return nil
	})
	if err != nil || files < 20 {
		t.Errorf("looked at %d files, %v", files, err)
	}
}

func BenchmarkRelease(b *testing.B) {
	public := make([][]Cell, 100)
	for i := range public {
		public[i] = []Cell{cell(strconv.Itoa(i))}
	}
	pair := countSpec(1<<30, 3e8)
	pair.Width = 2
	specs := []Spec{countSpec(1, 5e8), pair}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Release(NewCryptoSource(), NewExact(3), specs, Selection{Kind: PublicKeys}, public); err != nil {
			b.Fatal(err)
		}
	}
}
