package answer

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/dpproxy/dpproxy/catalog"
	"github.com/dpproxy/dpproxy/privacy"
	"github.com/dpproxy/dpproxy/refusal"
	"github.com/dpproxy/dpproxy/rewrite"
)

// MaxBound is the largest contribution bound that an analyst may set. Bounds change noise and rows kept, never the
// loss, so the owner has no limit on them; this one keeps sensitivities printable.
const MaxBound = 1_000_000

// OwnSettings are the session settings of dpproxy, in order, each with what it means.
func (s *Service) OwnSettings() [][2]string { return ownSettings() }

func ownSettings() [][2]string {
	return [][2]string{
		{"dp.authorization", "Approved scripts and signed executions, where the data set wants them."},
		{"dp.confidence", "Probability with which dp.intervals covers the value without noise."},
		{"dp.design_rows", "Privacy units of the generated rows in design mode."},
		{"dp.design_seed", "The seed of the generated rows in design mode: the same seed gives the same rows."},
		{"dp.delta", "The delta of the next queries, for private group keys."},
		{"dp.epsilon", "The epsilon of the next queries; the owner limits it."},
		{"dp.intervals", "Adds the ends of a confidence interval for each aggregate."},
		{"dp.max_groups", "Groups that one privacy unit may touch."},
		{"dp.max_rows", "Rows of one privacy unit that count in one group."},
		{"dp.max_unit_rows", "Rows of one privacy unit that count in all; 0 is not set."},
		{"dp.mechanism", "The kind of noise: auto, laplace or gaussian."},
		{"dp.mode", "What answers come from: live data, or generated rows (design)."},
		{"dp.pad", "Pipeline tbe only: adds the cells that have no records."},
		{"dp.query_class", "The class of queries that is asked for; auto is the first that allows the query."},
		{"dp.reuse", "Whether an answer that was paid for is given again for free."},
	}
}

func settingNames() []string {
	var names []string
	for _, s := range ownSettings() {
		names = append(names, s[0])
	}
	return names
}

// choices are the settings in force for one query.
type choices struct {
	rewrite.Settings
	reuse    Reuse
	inDesign bool
	// onlyDesign: the database that the session is connected to is the design one.
	onlyDesign bool
	design     DesignRows
}

// choose takes the data set's defaults, narrows them by the user's rights, and moves them by the session's settings.
func choose(d *Dataset, g Grant, req Request, now Clock) (choices, error) {
	def := d.Catalog.Query
	functions := g.functions
	if functions == nil {
		functions = narrow(d.Catalog.AllowedFunctions, g.AllowedFunctions)
	}
	c := choices{reuse: d.Reuse, inDesign: req.Identity.Design, onlyDesign: req.Identity.Design, design: DesignRows{designUnits, designSeed}, Settings: rewrite.Settings{
		User: req.Identity.User, Database: d.Catalog.Name,
		Epsilon: def.Epsilon, Delta: def.Delta, Bounds: def.Bounds, MinUnits: def.MinUnits,
		Mechanism: "auto", Confidence: 0.95,
		AllowedFunctions: functions, MaxFunctions: d.Catalog.MaxFunctions,
		Now: now, Session: sessionValue(req), Constants: sessionConstant(req),
	}}
	var names []string
	for name := range req.Settings {
		if strings.HasPrefix(name, "dp.") {
			names = append(names, name)
		}
	}
	slices.Sort(names) // dp.max_unit_rows comes after dp.max_groups and dp.max_rows, and wins
	for _, name := range names {
		if err := c.set(name, req.Settings[name], d.Catalog); err != nil {
			return choices{}, err
		}
	}
	return c, nil
}

// granted is a data set and a user's list of functions, by where the list is. limited is false for no list.
type granted struct {
	dataset *Dataset
	first   *string
	length  int
	limited bool
}

// functions are those that a grant leaves of the data set's. They are the same slice each time, which the planner knows again.
func (v *served) functions(d *Dataset, g Grant) []string {
	k := granted{dataset: d, length: len(g.AllowedFunctions), limited: g.AllowedFunctions != nil}
	if k.length > 0 {
		k.first = &g.AllowedFunctions[0]
	}
	known, ok := v.narrowed.Load(k)
	if !ok {
		known, _ = v.narrowed.LoadOrStore(k, narrow(d.Catalog.AllowedFunctions, g.AllowedFunctions))
	}
	return known.([]string)
}

// narrow is the functions that both lists hold, sorted. A nil user's list narrows nothing.
func narrow(dataset, user []string) []string {
	out := make([]string, 0, len(dataset))
	for _, f := range dataset {
		if user == nil || slices.Contains(user, f) {
			out = append(out, f)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// CheckSetting tells whether a session may set name to value, before the next query finds out. Names outside of dp.*
// are the proxy's own.
func (s *Service) CheckSetting(id Identity, name, value string) error {
	name = strings.ToLower(name)
	if !strings.HasPrefix(name, "dp.") {
		return nil
	}
	v, done := s.use()
	defer done()
	d, _, g, err := v.find(id, s.Clock())
	if err != nil {
		return err
	}
	c, err := choose(d, g, Request{Identity: id}, s.Clock)
	if err != nil {
		return err
	}
	return c.set(name, value, d.Catalog)
}

// DefaultSetting is what SHOW says of a dp.* setting that the session has not set.
func (s *Service) DefaultSetting(id Identity, name string) (string, bool) {
	v, done := s.use()
	defer done()
	d, _, g, err := v.find(id, s.Clock())
	if err != nil {
		return "", false
	}
	switch strings.ToLower(name) {
	case "dp.nonce":
		return id.Nonce, true
	case "dp.authorization":
		return noAuthorization, true
	}
	c, err := choose(d, g, Request{Identity: id}, s.Clock)
	if err != nil {
		return "", false
	}
	value, ok := c.texts()[strings.ToLower(name)]
	return value, ok
}

// texts are the settings in force as SHOW prints them.
func (c *choices) texts() map[string]string {
	onOff := map[bool]string{true: "on", false: "off"}
	return map[string]string{
		"dp.epsilon": c.Epsilon.String(), "dp.delta": c.Delta.String(), "dp.mechanism": c.Mechanism, "dp.mode": c.modeText(),
		"dp.design_rows": strconv.Itoa(c.design.Units), "dp.design_seed": strconv.FormatUint(c.design.Seed, 10),
		"dp.max_groups": strconv.FormatInt(c.Bounds.Groups, 10), "dp.max_rows": strconv.FormatInt(c.Bounds.Rows, 10),
		"dp.max_unit_rows": strconv.FormatInt(c.Bounds.UnitRows, 10), "dp.intervals": onOff[c.Intervals],
		"dp.confidence": strconv.FormatFloat(c.Confidence, 'g', -1, 64), "dp.reuse": onOff[!c.reuse.Off],
		"dp.query_class": cmp.Or(c.Class, autoClass),
		"dp.pad":         onOff[c.Pad],
	}
}

// set moves one setting. Its errors are refusals.
func (c *choices) set(name, value string, d *catalog.Dataset) (err error) {
	value = strings.TrimSpace(value)
	switch name {
	case "dp.epsilon":
		return c.setEpsilon(value, d)
	case "dp.delta":
		return c.setDelta(value, d)
	case "dp.max_groups":
		c.Bounds.Groups, err = bound(name, value)
		c.perGroup()
	case "dp.max_rows":
		c.Bounds.Rows, err = bound(name, value)
		c.perGroup()
	case "dp.max_unit_rows":
		c.Bounds.UnitRows, err = bound(name, value)
	case "dp.mechanism":
		return c.setMechanism(value, d)
	case "dp.intervals":
		c.Intervals, err = boolean(name, value)
	case "dp.confidence":
		c.Confidence, err = confidence(value)
	case "dp.authorization":
		return authorization(value)
	case "dp.nonce":
		return refusal.New(refusal.InvalidParameterValue, "dp.nonce cannot be set").WithHint("It is drawn for each connection.")
	case "dp.pad":
		c.Pad, err = boolean(name, value)
	case "dp.reuse":
		return c.setReuse(value)
	case "dp.mode":
		return c.setMode(value)
	case "dp.design_rows", "dp.design_seed":
		return c.setDesign(name, value)
	case "dp.query_class":
		return c.setClass(value, d)
	default:
		return refusal.New(refusal.UndefinedObject, "unrecognized configuration parameter %q", name).
			WithHint("The settings are %s.", strings.Join(settingNames(), ", "))
	}
	return err
}

func (c *choices) setEpsilon(value string, d *catalog.Dataset) error {
	e, err := privacy.ParseEpsilonUp(value)
	if err != nil || e <= 0 {
		return invalid("dp.epsilon", value).WithHint("Write a decimal number above 0, such as 0.1.")
	}
	if e > d.Query.MaxEpsilon {
		return invalid("dp.epsilon", value).
			WithHint("The owner of %s allows at most ε = %s for one query.", d.Name, d.Query.MaxEpsilon)
	}
	c.Epsilon = e
	return nil
}

func (c *choices) setDelta(value string, d *catalog.Dataset) error {
	delta, err := privacy.ParseDeltaUp(value)
	if err != nil {
		return invalid("dp.delta", value).WithHint("Write a decimal number from 0, such as 1e-9.")
	}
	if delta > d.Query.Delta {
		return invalid("dp.delta", value).
			WithHint("The owner of %s allows at most δ = %s for one query.", d.Name, d.Query.Delta)
	}
	c.Delta = delta
	return nil
}

// perGroup puts bounds of groups and rows in force instead of a bound on all rows of a unit.
func (c *choices) perGroup() {
	c.Bounds.UnitRows = 0
	c.Bounds.Groups, c.Bounds.Rows = max(c.Bounds.Groups, 1), max(c.Bounds.Rows, 1)
}

func (c *choices) setMechanism(value string, d *catalog.Dataset) error {
	value = strings.ToLower(value)
	switch value {
	case "auto", "laplace":
	case "gaussian":
		if d.Accountant != privacy.ZCDP {
			return invalid("dp.mechanism", value).
				WithHint("Data set %s counts its budget as %s, which Gaussian noise does not fit: take auto or laplace.", d.Name, d.Accountant)
		}
	default:
		return invalid("dp.mechanism", value).WithHint("Take auto, laplace or gaussian.")
	}
	c.Mechanism = value
	return nil
}

func (c *choices) setReuse(value string) error {
	on, err := boolean("dp.reuse", value)
	if err == nil && !on {
		c.reuse.Off = true
	}
	return err // on is what the owner chose
}

func (c *choices) setMode(value string) error {
	switch strings.ToLower(value) {
	case "live":
		if c.inDesign && c.onlyDesign {
			return refusal.New(refusal.InvalidParameterValue, "this database is in design mode for good").
				WithHint("Connect to the database of the same name without _design.")
		}
		c.inDesign = false
	case "design":
		c.inDesign = true
	default:
		return invalid("dp.mode", value).WithHint("Take live or design.")
	}
	return nil
}

func (c *choices) modeText() string {
	if c.inDesign {
		return "design"
	}
	return "live"
}

func bound(name, value string) (int64, error) {
	n, err := strconv.ParseInt(value, 10, 64)
	if err != nil || n < 1 || n > MaxBound {
		return 1, invalid(name, value).WithHint("Write a whole number from 1 to %d.", MaxBound)
	}
	return n, nil
}

func boolean(name, value string) (bool, error) {
	switch strings.ToLower(value) {
	case "on", "true", "yes", "1", "t", "y":
		return true, nil
	case "off", "false", "no", "0", "f", "n":
		return false, nil
	}
	return false, invalid(name, value).WithHint("Take on or off.")
}

func confidence(value string) (float64, error) {
	f, err := strconv.ParseFloat(value, 64)
	if err != nil || !(f > 0 && f < 1) {
		return 0, invalid("dp.confidence", value).WithHint("Write a number between 0 and 1, such as 0.95.")
	}
	return f, nil
}

func invalid(name, value string) *refusal.Error {
	return refusal.New(refusal.InvalidParameterValue, "invalid value for parameter %q: %q", name, value)
}

// autoClass leaves the choice of a query class to the planner: the first that allows the query.
const autoClass = "auto"

// setClass names the query class to plan under.
func (c *choices) setClass(value string, d *catalog.Dataset) error {
	var names []string
	for _, k := range d.Policy.Classes {
		names = append(names, k.Name)
	}
	if value == "" || value == autoClass {
		c.Class = ""
		return nil
	}
	if !slices.Contains(names, value) {
		hint := "This data set has no query classes."
		if len(names) > 0 {
			hint = "The query classes are " + strings.Join(names, ", ") + "; auto takes the first that allows the query."
		}
		return invalid("dp.query_class", value).WithHint("%s", hint)
	}
	c.Class = value
	return nil
}
