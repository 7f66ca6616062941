// Package marks writes measured tables into documents.
package marks
