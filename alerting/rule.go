package alerting

// The rules. RuleDecisive is Tidewatch's own (Policy.AtOnce). Those after it are the rows of CloudWatch's table as Decide
// applies it; the retaining ones never cause a transition and appear only in a Decision. Three name an End, two are of composite alarms, two of
// states that a person set; the last three change no state, but what an incident waits for.
const (
	RuleDecisive           Rule = "one-decisive"
	RuleNewestReal         Rule = "newest-n-real"
	RuleEnoughReal         Rule = "enough-real-in-range"
	RuleFilledBreaching    Rule = "missing-filled-as-breaching"
	RuleFilledNotBreaching Rule = "missing-filled-as-not-breaching"
	RuleFewEnoughBreach    Rule = "few-real-enough-breach"
	RuleFewOneFine         Rule = "few-real-one-fine"
	RuleFewAllBreachOld    Rule = "few-real-all-breach-old"
	RuleFewAllBreachWait   Rule = "few-real-all-breach-retain-until-old"
	RuleFewAllBreachRetain Rule = "few-real-all-breach-retain"
	RuleNoneInsufficient   Rule = "none-real-insufficient-data"
	RuleNoneRetain         Rule = "none-real-retain"
	RuleStoppedReporting   Rule = "stopped-reporting"
	RuleRegimeAccepted     Rule = "regime-accepted"
	RuleEnded              Rule = "ended"
	RuleCompositeTrue      Rule = "composite-rule-true"
	RuleCompositeFalse     Rule = "composite-rule-false"
	RuleStateSet           Rule = "state-set"
	RuleStateSetOver       Rule = "state-set-over"
	RuleDataStopped        Rule = "data-stopped"
	RuleDataBack           Rule = "data-back"
	RuleOKCarried          Rule = "ok-carried"
)

var ruleText = map[Rule]string{
	RuleDecisive:           "One of the newest N real points lies so far outside that it decides alone: the alarm's budget has a limit of its own for single points.",
	RuleNewestReal:         "None of the newest N points is missing: M of those N decide.",
	RuleEnoughReal:         "Some of the newest N points are missing, but the range holds N real points: M of the newest N real ones decide, and the treatment of missing data is not consulted.",
	RuleFilledBreaching:    "The range holds fewer than N real points: all of them count, the rest up to N is filled as breaching, and M decides.",
	RuleFilledNotBreaching: "The range holds fewer than N real points: all of them count, the rest up to N is filled as not breaching, and M decides.",
	RuleFewEnoughBreach:    "The range holds fewer than N real points, but M of them breach, which no missing point could undo.",
	RuleFewOneFine:         "The range holds fewer than N real points, fewer than M of them breach and at least one is fine.",
	RuleFewAllBreachOld:    "The range holds fewer than M real points, all of them breach, and the oldest of them is at least M points old.",
	RuleFewAllBreachWait:   "The range holds fewer than M real points and all of them breach, but the oldest is not yet M points old: alarming now would be premature, so the state is kept.",
	RuleFewAllBreachRetain: "The range holds fewer than M real points and all of them breach: missing data is ignored, so the state is kept.",
	RuleNoneInsufficient:   "The range holds no real point: there is nothing to decide on.",
	RuleNoneRetain:         "The range holds no real point: missing data is ignored, so the state is kept.",
	RuleStoppedReporting:   "The series has been gone for too long: the alarm was closed without knowing whether it recovered.",
	RuleRegimeAccepted:     "The shift has lasted long enough to be accepted as the new normal: the alarm was closed without a recovery.",
	RuleEnded:              "The alarm was ended by something other than its points.",
	RuleCompositeTrue:      "The rule of the composite alarm became true.",
	RuleCompositeFalse:     "The rule of the composite alarm is false.",
	RuleDataStopped:        "No real point is left in the range of an alarm in ALARM: its incident stays open, and says that nothing says that it is over.",
	RuleDataBack:           "Points have come again while the alarm was in ALARM.",
	RuleOKCarried:          "The alarm was OK on too few real points for its incident to end; since then the others have come.",
	RuleStateSet:           "A person set the state, until the next evaluation.",
	RuleStateSetOver:       "A person had set the state; the evaluation brought back the one that the points have decided.",
}

// Explain is a sentence that says what the rule means, with N for Of and M for Datapoints; the rule's own name if it is not
// one of the constants.
func (r Rule) Explain() string {
	if s, ok := ruleText[r]; ok {
		return s
	}
	return string(r)
}
