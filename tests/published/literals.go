// Prints variables and constants of the Go file on its input as JSON: literals become lists, objects, strings, numbers and booleans,
// names of the file's own constants their values, and whatever is computed null.
//
//	go run literals.go NAME... < FILE
package main

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"strconv"
)

func main() {
	file, err := parser.ParseFile(token.NewFileSet(), "input", os.Stdin, 0)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	values := declared(file)
	found := map[string]any{}
	for _, name := range os.Args[1:] {
		if values[name] == nil {
			fmt.Fprintf(os.Stderr, "the file declares no %s\n", name)
			os.Exit(1)
		}
		found[name] = plain(values[name], values)
	}
	if err := json.NewEncoder(os.Stdout).Encode(found); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// declared has every name that the file gives a value, on whatever level.
func declared(file *ast.File) map[string]ast.Expr {
	values := map[string]ast.Expr{}
	ast.Inspect(file, func(node ast.Node) bool {
		if spec, ok := node.(*ast.ValueSpec); ok && len(spec.Names) == len(spec.Values) {
			for i, name := range spec.Names {
				values[name.Name] = spec.Values[i]
			}
		}
		return true
	})
	return values
}

func plain(expr ast.Expr, values map[string]ast.Expr) any {
	switch e := expr.(type) {
	case *ast.BasicLit:
		return basic(e)
	case *ast.BinaryExpr:
		left, isLeft := plain(e.X, values).(string)
		right, isRight := plain(e.Y, values).(string)
		if e.Op == token.ADD && isLeft && isRight {
			return left + right
		}
	case *ast.Ident:
		if e.Name == "true" || e.Name == "false" {
			return e.Name == "true"
		}
		if value := values[e.Name]; value != nil {
			return plain(value, values)
		}
	case *ast.CallExpr: // []byte("...") and other conversions
		if _, ok := e.Fun.(*ast.ArrayType); ok && len(e.Args) == 1 {
			return plain(e.Args[0], values)
		}
	case *ast.CompositeLit:
		return composite(e, values)
	}
	return nil
}

func basic(literal *ast.BasicLit) any {
	if literal.Kind == token.STRING {
		text, _ := strconv.Unquote(literal.Value)
		return text
	}
	return json.Number(literal.Value)
}

func composite(literal *ast.CompositeLit, values map[string]ast.Expr) any {
	members := map[string]any{}
	items := []any{}
	for _, element := range literal.Elts {
		if pair, ok := element.(*ast.KeyValueExpr); ok {
			members[key(pair.Key, values)] = plain(pair.Value, values)
		} else {
			items = append(items, plain(element, values))
		}
	}
	if len(members) > 0 {
		return members
	}
	return items
}

func key(expr ast.Expr, values map[string]ast.Expr) string {
	if name, ok := expr.(*ast.Ident); ok {
		return name.Name
	}
	return fmt.Sprint(plain(expr, values))
}
