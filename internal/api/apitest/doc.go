// Package apitest holds a backend with made-up data for the tests of the API and of the page that is built on it.
package apitest
