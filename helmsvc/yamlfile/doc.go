// Package yamlfile reads YAML that people write, and tells them what is wrong in
// their own words: file, line and key, and no type of Go's.
//
// What a file's values mean is for whoever reads it.
package yamlfile
