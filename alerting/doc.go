// Package alerting turns scores into alarms, alarms into incidents and incidents into notices: pure state machines that take
// time as an argument and return named reasons. It sends nothing; package notify does.
package alerting
