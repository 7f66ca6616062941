package simfleet

import (
	"math"
	"time"
)

// tick is one scrape round with what every part needs to know of its time.
type tick struct {
	t     int64     // end of the round, Unix milliseconds
	dt    float64   // length of the round, seconds
	local time.Time // t in the fleet's zone
	load  [kinds]float64
}

// kind says whose habits drive a demand.
type kind int

const (
	consumer kind = iota // evenings and weekends
	office               // working hours
	machine              // almost flat
	kinds
)

func newTick(t, step int64, zone *time.Location) tick {
	k := tick{t: t, dt: float64(step) / 1000, local: time.UnixMilli(t).In(zone)}
	hour := float64(k.local.Hour()) + float64(k.local.Minute())/60 + float64(k.local.Second())/3600
	for i := range kinds {
		k.load[i] = daily(i, hour) * weekly(i, k.local.Weekday(), hour)
	}
	return k
}

// daily is the demand over the hours of a day, 1 on average.
func daily(k kind, hour float64) float64 {
	wave := func(period, peak float64) float64 { return math.Cos(2 * math.Pi * (hour - peak) / period) }
	switch k {
	case consumer:
		return 1 + 0.50*wave(24, 19) + 0.16*wave(12, 12.5)
	case office:
		return 1 + 0.62*wave(24, 13.5) + 0.14*wave(12, 14)
	default:
		return 1 + 0.06*wave(24, 15)
	}
}

// weekend is the demand of Saturday and Sunday against a working day's.
var weekend = [kinds]float64{consumer: 1.18, office: 0.45, machine: 1}

// weekly moves from one day's level to the next over the two hours around midnight.
func weekly(k kind, day time.Weekday, hour float64) float64 {
	level := func(d time.Weekday) float64 {
		if d = (d + 7) % 7; d == time.Saturday || d == time.Sunday {
			return weekend[k]
		}
		return 1
	}
	switch {
	case hour < 1:
		return level(day-1) + (level(day)-level(day-1))*(0.5+0.5*math.Sin(math.Pi/2*hour))
	case hour > 23:
		return level(day) + (level(day+1)-level(day))*(0.5-0.5*math.Sin(math.Pi/2*(24-hour)))
	}
	return level(day)
}
