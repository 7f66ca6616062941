package bench

// Cost is what a detector costs.
type Cost struct {
	NsPerPoint     float64 `json:"ns_per_point"`     // processor time for each value of each channel
	AllocsPerPoint float64 `json:"allocs_per_point"` // heap allocations
	BytesPerSeries float64 `json:"bytes_per_series"` // state in memory for each channel
}
