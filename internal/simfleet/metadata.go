package simfleet

import (
	"maps"

	"github.com/tidewatch/tidewatch/internal/readserver"
)

var metadata = map[string]readserver.Metadata{
	"up":                                   {Type: "gauge", Help: "1 if the last scrape succeeded."},
	"build_info":                           {Type: "gauge", Help: "1, labelled with the running version."},
	"http_requests_total":                  {Type: "counter", Help: "Requests served, by status code."},
	"http_request_duration_seconds":        {Type: "histogram", Help: "Time to serve a request."},
	"process_resident_memory_bytes":        {Type: "gauge", Help: "Resident memory size in bytes."},
	"node_cpu_seconds_total":               {Type: "counter", Help: "Seconds the CPUs spent in each mode."},
	"node_memory_MemTotal_bytes":           {Type: "gauge", Help: "Memory information field MemTotal_bytes."},
	"node_memory_MemAvailable_bytes":       {Type: "gauge", Help: "Memory information field MemAvailable_bytes."},
	"node_filesystem_size_bytes":           {Type: "gauge", Help: "Filesystem size in bytes."},
	"node_filesystem_avail_bytes":          {Type: "gauge", Help: "Filesystem space available to non-root users in bytes."},
	"node_network_receive_bytes_total":     {Type: "counter", Help: "Network device statistic receive_bytes."},
	"node_network_transmit_bytes_total":    {Type: "counter", Help: "Network device statistic transmit_bytes."},
	"node_load1":                           {Type: "gauge", Help: "1m load average."},
	"queue_depth":                          {Type: "gauge", Help: "Messages waiting."},
	"queue_messages_acked_total":           {Type: "counter", Help: "Messages acknowledged."},
	"batch_last_duration_seconds":          {Type: "gauge", Help: "How long the last run took."},
	"batch_last_success_timestamp_seconds": {Type: "gauge", Help: "When the last run ended well."},
	"batch_records_processed_total":        {Type: "counter", Help: "Records processed by all runs."},
}

// Metadata gives the type and help of every metric of the fleet, by metric name.
func Metadata() map[string]readserver.Metadata { return maps.Clone(metadata) }
