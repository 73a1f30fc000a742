package chartcheck

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/cf-helm-broker/cf-helm-broker/helmsvc/yamlfile"
)

// schemaError is how Helm begins when values don't fit values.schema.json.
const schemaError = "values don't meet the specifications of the schema(s) in the following chart(s):\n"

// mistakes turns an error of loading or rendering into lines for the chart's
// author: files as they lie in the chart's folder, and the place first.
// planFile is empty where no plan or none with a file is concerned.
func mistakes(err error, chartName, planFile string) []string {
	text := err.Error()
	if list, found := strings.CutPrefix(text, schemaError); found {
		return schemaMistakes(list, chartName, planFile)
	}
	var wrong *yamlfile.WrongError
	if errors.As(err, &wrong) && len(wrong.Mistakes) > 0 {
		return wrong.Mistakes
	}
	return []string{oneLine(inFolder(text, chartName))}
}

// schemaMistakes reads Helm's list: a chart's name and a colon, then a line
// for each violation.
func schemaMistakes(list, chartName, planFile string) []string {
	values := "values.yaml"
	if planFile != "" {
		values = planFile + " over values.yaml"
	}
	schema := "values.schema.json"
	var found []string
	for line := range strings.Lines(list) {
		line = strings.TrimSpace(line)
		if name, isHead := strings.CutSuffix(line, ":"); isHead && !strings.HasPrefix(line, "- ") {
			schema = "values.schema.json"
			if name != chartName {
				schema += " of the subchart " + name
			}
			continue
		}
		if line != "" {
			found = append(found, fmt.Sprintf("%s: %s: %s", values, schema, strings.TrimPrefix(line, "- ")))
		}
	}
	return found
}

var (
	// Helm and Go's templates name a place in one of these ways.
	placeInBrackets = regexp.MustCompile(`^(?:execution|parse) error (?:at|in) \(([^)]+)\): `)
	placeOfYAML     = regexp.MustCompile(`^YAML parse error on ([^:]+): (?:error converting YAML to JSON: )?`)
)

// inFolder names files by their path in the chart's folder, where Helm puts
// the chart's name before it, and moves the place of the mistake to the front.
func inFolder(text, chartName string) string {
	files := regexp.MustCompile(`(^|[^\w./-])` + regexp.QuoteMeta(chartName) + `/(templates|charts|crds)/`)
	text = files.ReplaceAllString(text, "$1$2/")
	text = strings.TrimPrefix(text, "template: ")
	text = placeInBrackets.ReplaceAllString(text, "$1: ")
	return placeOfYAML.ReplaceAllString(text, "$1: what it renders to isn't valid YAML: ")
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }
