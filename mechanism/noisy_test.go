package mechanism

import (
	"encoding/json"
	"math/big"
	"strings"
	"testing"
)

func sample() *Noisy {
	huge, _ := new(big.Int).SetString("-123456789012345678901234567890", 10)
	return &Noisy{Groups: []NoisyGroup{
		{Keys: []Cell{cell("a"), {Null: true}}, Values: []*big.Int{big.NewInt(12), huge}},
		{Keys: []Cell{cell(""), cell("\x00\"\\</script>\u2028é")}, Values: ints(0, -3)},
		{Keys: []Cell{cell("\xff\xfe"), cell(`{"b":"x"}`)}, Values: ints(1, 1)},
	}}
}

func TestNoisyRoundTrip(t *testing.T) {
	for _, n := range []*Noisy{sample(), {}, {Groups: []NoisyGroup{{}}}, {Groups: []NoisyGroup{{Values: ints(5)}}}} {
		body, err := n.Encode()
		if err != nil {
			t.Fatal(err)
		}
		back, err := DecodeNoisy(body)
		if err != nil || show(back) != show(n) {
			t.Errorf("%s → %v, %v", body, back, err)
			continue
		}
		for i, g := range n.Groups {
			for j, k := range g.Keys {
				if back.Groups[i].Keys[j] != k {
					t.Errorf("key %q came back as %q", k.Text, back.Groups[i].Keys[j].Text)
				}
			}
		}
	}
	body, _ := (&Noisy{Groups: []NoisyGroup{{Keys: []Cell{cell("a"), {Null: true}}, Values: ints(12, -3)}}}).Encode()
	if want := `{"v":1,"g":[{"k":["a",null],"y":[12,-3]}]}`; string(body) != want {
		t.Errorf("stored form %s, want %s: a change needs a new version", body, want)
	}
	if _, err := (&Noisy{Groups: []NoisyGroup{{Values: ints(1)}, {Values: ints(1, 2)}}}).Encode(); err == nil {
		t.Error("uneven groups were encoded")
	}
	// Inside other JSON too.
	body, err := json.Marshal(map[string]*Noisy{"x": sample()})
	var back map[string]*Noisy
	if err != nil || json.Unmarshal(body, &back) != nil || show(back["x"]) != show(sample()) {
		t.Errorf("within a map: %s, %v", body, err)
	}
}

func TestDecodeNoisyRefuses(t *testing.T) {
	for _, text := range []string{
		"", "null", "{}", "[]", `{"v":2,"g":[]}`, `{"v":1,"g":[]} x`, `{"v":1,"g":[]}{}`, `{"v":1,"g":[],"z":0}`, `{"v":1,"g":[{"k":[],"y":[1.5]}]}`,
		`{"v":1,"g":[{"k":[],"y":[1e3]}]}`, `{"v":1,"g":[{"k":[],"y":["x"]}]}`, `{"v":1,"g":[{"k":[],"y":[null]}]}`, `{"v":1,"g":[{"k":[1],"y":[]}]}`,
		`{"v":1,"g":[{"k":["a"],"y":[1]},{"k":[],"y":[1]}]}`, `{"v":1,"g":[{"k":[],"y":[1]},{"k":[],"y":[]}]}`, `{"v":1,"g":[{"k":[{"b":"!"}],"y":[]}]}`,
		`{"v":1,"g":[{"k":[{}],"y":[]}]}`, `{"v":1,"g":[{"k":[["a"]],"y":[]}]}`, `{"v":1,"g":[{"k":[],"y":[` + strings.Repeat("9", 1001) + `]}]}`,
	} {
		if n, err := DecodeNoisy([]byte(text)); err == nil {
			t.Errorf("%s was read as %v", text, n)
		} else if strings.Contains(err.Error(), "999") {
			t.Errorf("the error repeats values: %v", err)
		}
	}
}

func FuzzDecodeNoisy(f *testing.F) {
	body, err := sample().Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(body)
	f.Add([]byte(`{"v":1,"g":[{"k":[{"b":"/w=="}],"y":[-0]}]}`))
	f.Add([]byte(`{"v":1,"g":[{"k":["a",null],"y":[12,-3]}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		n, err := DecodeNoisy(data)
		if err != nil {
			return
		}
		again, err := n.Encode()
		if err != nil {
			t.Fatal(err)
		}
		back, err := DecodeNoisy(again)
		if err != nil || show(back) != show(n) {
			t.Fatalf("%q → %q → %v", data, again, err)
		}
	})
}
