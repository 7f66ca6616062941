// Package web is Tidewatch's embedded status page: detectors, alarms and recent anomalies at /, and one page per alarm at
// /alarms/{id}, where the "Why?" of a message leads. It is plain HTML and one style sheet, made on the server; it loads
// nothing from elsewhere and needs no script.
package web
