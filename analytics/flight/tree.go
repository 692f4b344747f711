package flight

import (
	_ "embed"
	"maps"
	"slices"
	"strings"

	"yingda/analytics/schema"
)

// node is an object of a statement's tree, as json_serialize_sql writes it. Trees are not changed: what differs is copied.
type node = map[string]any

// Catalog and Schema are where the tables are, in the words of SQL tools.
const (
	Catalog = "yingda"
	Schema  = "main"
)

// ctePrefix begins the names that a query's own WITH tables get, so that none of them is ever taken for a table of the warehouse.
const ctePrefix = "yingda_with_"

//go:embed functions.txt
var functionList string

// functions are those of functions.txt: of expressions, and of FROM.
var functions, tableFunctions = readFunctions(functionList)

func readFunctions(text string) (all, table map[string]bool) {
	all, table = map[string]bool{}, map[string]bool{}
	into := all
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		for word := range strings.FieldsSeq(line) {
			if name, heading := strings.CutSuffix(word, ":"); heading {
				if into = all; name == "table" {
					into = table
				}
				continue
			}
			into[strings.ToLower(word)] = true
		}
	}
	all["unnest"] = true
	return all, table
}

// Tables are the tables that can be asked, in order.
func Tables() []string { return slices.Concat(schema.Facts, schema.Derived) }

// sources are the tables' rows for a tenant, by name in lower case.
func sources(tenant string) map[string]string {
	rows := map[string]string{}
	names := Tables()
	for _, name := range names {
		rows[name] = "SELECT * FROM " + Schema + "." + name + " WHERE (tenant = '" + strings.ReplaceAll(tenant, "'", "''") + "')"
	}
	list := "'" + strings.Join(names, "', '") + "'"
	for _, name := range []string{"tables", "columns"} {
		rows["information_schema."+name] = "SELECT * REPLACE ('" + Catalog + "' AS table_catalog) FROM information_schema." + name +
			" WHERE ((table_schema = '" + Schema + "') AND (table_name IN (" + list + ")))"
	}
	return rows
}

// classes are the kinds of expressions that may occur.
var classes = set("BETWEEN", "CASE", "CAST", "COLLATE", "COLUMN_REF", "COMPARISON", "CONJUNCTION", "CONSTANT", "FUNCTION", "LAMBDA", "OPERATOR",
	"PARAMETER", "POSITIONAL_REFERENCE", "STAR", "SUBQUERY", "WINDOW")

// kinds are those of other parts, which hold nothing to be checked but their members.
var kinds = set("SET_OPERATION_NODE", "SELECT_NODE", // queries
	"EMPTY", "EXPRESSION_LIST", "JOIN", "PIVOT", "SUBQUERY", // in FROM
	"DISTINCT_MODIFIER", "LIMIT_MODIFIER", "LIMIT_PERCENT_MODIFIER", "ORDER_MODIFIER", "ORDER_DEFAULT", "ASCENDING", "DESCENDING")

func set(words ...string) map[string]bool {
	m := map[string]bool{}
	for _, w := range words {
		m[w] = true
	}
	return m
}

// confine returns the tree with each table replaced by its rows of the tenant, or why it is refused.
func confine(tree node, tables map[string]node) (node, error) {
	c := &confiner{tables: tables}
	v, err := c.members(tree, nil)
	return v, err
}

// confiner walks a tree. What it does not know it refuses.
type confiner struct{ tables map[string]node }

// scope is the WITH tables that a part of a query sees, in lower case.
type scope map[string]bool

func (c *confiner) value(v any, s scope) (any, error) {
	switch v := v.(type) {
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			var err error
			if out[i], err = c.value(e, s); err != nil {
				return nil, err
			}
		}
		return out, nil
	case map[string]any:
		return c.object(v, s)
	}
	return v, nil
}

// members returns n with its members confined.
func (c *confiner) members(n node, s scope) (node, error) {
	out := make(node, len(n))
	for _, k := range slices.Sorted(maps.Keys(n)) { // in order, so that the same fault is told each time
		var err error
		if out[k], err = c.value(n[k], s); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (c *confiner) object(n node, s scope) (any, error) {
	if class, ok := n["class"].(string); ok {
		return c.expression(class, n, s)
	}
	kind, ok := n["type"].(string)
	if !ok {
		return c.members(n, s)
	}
	switch {
	case kind == "BASE_TABLE":
		return c.table(n, s)
	case kind == "TABLE_FUNCTION":
		return c.tableFunction(n, s)
	case kind == "SHOW_REF":
		if n["query"] == nil {
			return nil, refuse("SHOW is not answered: the tables are in information_schema.tables; DESCRIBE turns tells a table's columns")
		}
		return c.members(n, s)
	case kind == "PIVOT" && pivotsByEnum(n):
		return nil, refuse("PIVOT by a type is not answered: list the values")
	case strings.HasSuffix(kind, "_NODE") && kinds[kind]:
		return c.query(n, s)
	case kinds[kind]:
		return c.members(n, s)
	case kind == "RECURSIVE_CTE_NODE":
		return nil, refuse("WITH RECURSIVE is not answered")
	}
	return nil, refuse("%s is not answered", strings.ToLower(strings.ReplaceAll(kind, "_", " ")))
}

func pivotsByEnum(n node) bool {
	pivots, _ := n["pivots"].([]any)
	return slices.ContainsFunc(pivots, func(p any) bool { return at(p, "pivot_enum") != "" })
}

// query confines a SELECT or a UNION: its WITH tables first, each of which sees those before it.
func (c *confiner) query(n node, s scope) (any, error) {
	inner := scope{}
	maps.Copy(inner, s)
	list, _ := at(n, "cte_map", "map").([]any)
	renamed := make([]any, len(list))
	for i, e := range list {
		entry, _ := e.(map[string]any)
		name, ok := entry["key"].(string)
		if !ok {
			return nil, refuse("a WITH table has no name")
		}
		value, err := c.value(entry["value"], inner)
		if err != nil {
			return nil, err
		}
		renamed[i] = node{"key": ctePrefix + name, "value": value}
		inner[strings.ToLower(name)] = true
	}
	rest := copyOf(n)
	delete(rest, "cte_map")
	out, err := c.members(rest, inner)
	if err != nil {
		return nil, err
	}
	out["cte_map"] = node{"map": renamed}
	return out, nil
}

func (c *confiner) expression(class string, n node, s scope) (any, error) {
	if !classes[class] {
		return nil, refuse("%s is not answered", strings.ToLower(strings.ReplaceAll(class, "_", " ")))
	}
	switch class {
	case "CONSTANT":
		return n, nil
	case "COLUMN_REF":
		return column(n), nil
	case "CAST":
		child, err := c.value(n["child"], s)
		out := copyOf(n)
		out["child"] = child
		return out, err
	case "FUNCTION", "WINDOW":
		if err := function(n, functions); err != nil {
			return nil, err
		}
	}
	return c.members(n, s)
}

// column drops the catalog and the schema before a table's name, which its replacement does not have.
func column(n node) node {
	names, _ := n["column_names"].([]any)
	cut := names
	if len(cut) > 3 && fold(cut[0]) == Catalog {
		cut = cut[1:]
	}
	if len(cut) > 2 && fold(cut[0]) == Schema {
		cut = cut[1:]
	}
	if len(cut) == len(names) {
		return n
	}
	out := copyOf(n)
	out["column_names"] = cut
	return out
}

func function(n node, allowed map[string]bool) error {
	name := fold(n["function_name"])
	if in := fold(n["schema"]); in != "" && in != Schema || fold(n["catalog"]) != "" { // [1, 2] is main.list_value(1, 2) to the parser
		return refuse("write the function %s without a schema", name)
	}
	if !allowed[name] {
		return refuse("the function %s is not answered here", name)
	}
	return nil
}

func (c *confiner) tableFunction(n node, s scope) (any, error) {
	call, _ := n["function"].(map[string]any)
	if class, _ := call["class"].(string); class != "FUNCTION" {
		return nil, refuse("a table function without a name is not answered")
	}
	if err := function(call, tableFunctions); err != nil {
		return nil, err
	}
	args, err := c.members(call, s)
	if err != nil {
		return nil, err
	}
	rest := copyOf(n)
	delete(rest, "function")
	out, err := c.members(rest, s)
	if err != nil {
		return nil, err
	}
	out["function"] = args
	return out, nil
}

// table replaces a table's name by its rows of the tenant.
func (c *confiner) table(n node, s scope) (any, error) {
	written, _ := n["table_name"].(string)
	name, in, of := fold(written), fold(n["schema_name"]), fold(n["catalog_name"])
	if n["at_clause"] != nil {
		return nil, refuse("%s AT a version is not answered", name)
	}
	alias, _ := n["alias"].(string)
	if alias == "" {
		alias = written
	}
	if in == "" && of == "" && s[name] {
		out := copyOf(n)
		out["table_name"], out["alias"] = ctePrefix+written, alias
		return out, nil
	}
	if of == "" && in == Catalog { // DuckDB reads yingda.turns as a catalog or a schema
		of, in = in, ""
	}
	if in != "" && in != Schema {
		name = in + "." + name
	}
	rows := c.tables[name]
	if rows == nil || of != "" && of != Catalog {
		return nil, refuse("there is no table %s; there are %s, information_schema.tables and information_schema.columns", written, strings.Join(Tables(), ", "))
	}
	return node{
		"type": "SUBQUERY", "alias": alias, "sample": n["sample"], "query_location": n["query_location"], "subquery": rows, "column_name_alias": n["column_name_alias"],
	}, nil
}

// confined says what is wrong with a tree that confine has made, printed and parsed again: each table in it must be a tenant's rows or a WITH
// table under its new name. It is the second look, and finds nothing unless the first one or the printing is at fault.
func confined(v any, tables map[string]node) error {
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			if err := confined(e, tables); err != nil {
				return err
			}
		}
	case map[string]any:
		if v["type"] == "SUBQUERY" && v["class"] == nil {
			for _, rows := range tables {
				if same(v["subquery"], rows) {
					return nil
				}
			}
		}
		if v["type"] == "BASE_TABLE" {
			if name, _ := v["table_name"].(string); v["schema_name"] != "" || v["catalog_name"] != "" || !strings.HasPrefix(name, ctePrefix) {
				return refuse("the statement could not be confined to your tenant's rows: %s", name)
			}
		}
		if v["type"] == "TABLE_FUNCTION" && !tableFunctions[fold(at(v, "function", "function_name"))] {
			return refuse("the statement could not be confined to your tenant's rows: it calls %v", at(v, "function", "function_name"))
		}
		for _, e := range v {
			if err := confined(e, tables); err != nil {
				return err
			}
		}
	}
	return nil
}

// placeless returns a tree without the places of its parts in the text.
func placeless(v any) any {
	switch v := v.(type) {
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = placeless(e)
		}
		return out
	case map[string]any:
		out := make(node, len(v))
		for k, e := range v {
			if k != "query_location" {
				out[k] = placeless(e)
			}
		}
		return out
	}
	return v
}

// at returns a member of a member …, nil if there is none.
func at(v any, path ...string) any {
	for _, k := range path {
		n, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = n[k]
	}
	return v
}

func copyOf(n node) node { return maps.Clone(n) }

func fold(v any) string {
	s, _ := v.(string)
	return strings.ToLower(s)
}
