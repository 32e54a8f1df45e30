//! Whether somebody is notified of a message, and of how much of it.

use jiff::tz::TimeZone;
use pipit_model::mention::{has_word, mentions};
use pipit_store::push::PushTarget;
use pipit_wire::Timestamp;
use pipit_wire::frame::RequestState;
use pipit_wire::push::{NotificationSettings, NotifyRule, Previews, QuietHours};

/// What of a message decides whether somebody is notified of it.
pub(super) struct Facts<'a> {
    /// Its text, where it has one that the server can read.
    pub(super) text: &'a str,
    /// Whether it answers a message of theirs.
    pub(super) answers: bool,
}

/// Whether, and of what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Not at all.
    Nothing,
    /// That somebody unknown asks for them.
    Request,
    /// Of a message.
    Message {
        /// What is said of it.
        previews: Previews,
        /// Whether it is about them.
        mention: bool,
    },
}

/// How somebody is notified, as it is kept. Where that cannot be read, as after a newer version has written it, nothing is shown of messages.
pub(super) fn settings_of(kept: Option<&str>) -> NotificationSettings {
    let Some(kept) = kept else {
        return NotificationSettings::default();
    };
    serde_json::from_str(kept).unwrap_or_else(|error| {
        tracing::warn!(%error, "how somebody is notified cannot be read: nothing is shown of messages");
        NotificationSettings {
            previews: Previews::Nothing,
            ..NotificationSettings::default()
        }
    })
}

/// Decides. The order matters: what says that there is silence is asked first.
pub(super) fn decide(
    target: &PushTarget,
    settings: &NotificationSettings,
    facts: &Facts<'_>,
    now: Timestamp,
) -> Verdict {
    let is_quiet = settings.quiet.as_ref().is_some_and(|quiet| is_within(quiet, now));
    if target.request == RequestState::Refused
        || target.muted_until > now
        || target.notify == NotifyRule::Nothing
        || is_quiet
    {
        return Verdict::Nothing;
    }
    if target.request == RequestState::Waiting {
        return Verdict::Request;
    }
    let words = settings.keywords.iter().map(String::as_str);
    let mention = facts.answers || mentions(facts.text, &target.handle) || has_word(facts.text, words);
    if target.notify == NotifyRule::Mentions && !mention {
        return Verdict::Nothing;
    }
    Verdict::Message {
        previews: settings.previews,
        mention,
    }
}

/// Whether it is so late there. In a zone that is not known it never is: rather too much is told than too little.
fn is_within(quiet: &QuietHours, now: Timestamp) -> bool {
    let (Ok(zone), Ok(now)) = (
        TimeZone::get(&quiet.time_zone),
        jiff::Timestamp::from_millisecond(now.as_ms()),
    ) else {
        return false;
    };
    let there = zone.to_datetime(now);
    let minute = i32::from(there.hour()) * 60 + i32::from(there.minute());
    let (from, to) = (i32::from(quiet.from_min), i32::from(quiet.to_min));
    if from <= to {
        (from..to).contains(&minute)
    } else {
        minute >= from || minute < to
    }
}

/// Whether a time zone is known here.
pub(super) fn is_time_zone(name: &str) -> bool {
    TimeZone::get(name).is_ok()
}

#[cfg(test)]
mod tests {
    use pipit_store::push::Subscription;
    use pipit_wire::event::ConversationKind;
    use pipit_wire::{DeviceId, Seq, UserId};

    use super::*;

    fn target() -> PushTarget {
        PushTarget {
            subscription: Subscription {
                device: DeviceId::from_bytes([1; 16]),
                user: UserId::from_bytes([2; 16]),
                endpoint: String::new(),
                key: [4; 65],
                secret: [7; 16],
                silent: false,
                made_at: Timestamp(0),
            },
            handle: "ada".to_owned(),
            kind: ConversationKind::Group,
            title: None,
            muted_until: Timestamp(0),
            notify: NotifyRule::All,
            request: RequestState::Accepted,
            setting: None,
            shown: Seq::ZERO,
        }
    }

    fn verdict(target: &PushTarget, settings: &NotificationSettings, text: &str, answers: bool) -> Verdict {
        let facts = Facts { text, answers };
        decide(target, settings, &facts, Timestamp(1_000))
    }

    const fn shown(mention: bool) -> Verdict {
        Verdict::Message {
            previews: Previews::Message,
            mention,
        }
    }

    #[test]
    fn the_rule_of_a_conversation_holds() {
        let settings = NotificationSettings {
            keywords: vec!["tea".to_owned()],
            ..NotificationSettings::default()
        };
        for (notify, text, answers, expect) in [
            (NotifyRule::All, "hello", false, shown(false)),
            (NotifyRule::All, "@ada", false, shown(true)),
            (NotifyRule::Mentions, "hello", false, Verdict::Nothing),
            (NotifyRule::Mentions, "hello @ada", false, shown(true)),
            (NotifyRule::Mentions, "more Tea?", false, shown(true)),
            (NotifyRule::Mentions, "steam", false, Verdict::Nothing),
            (NotifyRule::Mentions, "yes", true, shown(true)),
            (NotifyRule::Nothing, "@ada", true, Verdict::Nothing),
        ] {
            let target = PushTarget { notify, ..target() };
            assert_eq!(
                verdict(&target, &settings, text, answers),
                expect,
                "{notify:?} {text}"
            );
        }
    }

    #[test]
    fn what_is_muted_is_silent_until_it_is_not() {
        for (muted_until, expect) in [(1_001, Verdict::Nothing), (1_000, shown(true))] {
            let target = PushTarget {
                muted_until: Timestamp(muted_until),
                ..target()
            };
            assert_eq!(
                verdict(&target, &NotificationSettings::default(), "@ada", false),
                expect
            );
        }
    }

    #[test]
    fn strangers_are_not_quoted() {
        for (request, expect) in [
            (RequestState::Waiting, Verdict::Request),
            (RequestState::Refused, Verdict::Nothing),
        ] {
            let target = PushTarget { request, ..target() };
            assert_eq!(
                verdict(&target, &NotificationSettings::default(), "@ada", true),
                expect
            );
        }
    }

    #[test]
    fn quiet_hours_are_those_of_the_place() {
        let at = |text: &str| Timestamp(text.parse::<jiff::Timestamp>().unwrap().as_millisecond());
        let quiet = |from_min, to_min, zone: &str| QuietHours {
            from_min,
            to_min,
            time_zone: zone.to_owned(),
        };
        let night = quiet(22 * 60, 7 * 60, "Europe/Berlin");
        for (now, expect) in [
            // In winter Berlin is an hour ahead, in summer two.
            ("2026-01-15T20:59:00Z", false),
            ("2026-01-15T21:00:00Z", true),
            ("2026-01-16T05:59:00Z", true),
            ("2026-01-16T06:00:00Z", false),
            ("2026-07-15T20:00:00Z", true),
            ("2026-07-16T05:00:00Z", false),
            // The night in which the clock goes from two to three.
            ("2026-03-29T04:59:00Z", true),
            ("2026-03-29T05:00:00Z", false),
        ] {
            assert_eq!(is_within(&night, at(now)), expect, "{now}");
        }
        let lunch = quiet(12 * 60, 13 * 60, "Asia/Kolkata");
        assert!(is_within(&lunch, at("2026-01-15T06:30:00Z")));
        assert!(!is_within(&lunch, at("2026-01-15T07:30:00Z")));
        let nowhere = quiet(0, 1_439, "Middle-earth/Bree");
        assert!(!is_within(&nowhere, at("2026-01-15T06:30:00Z")));
        let settings = NotificationSettings {
            quiet: Some(quiet(0, 1, "UTC")),
            ..NotificationSettings::default()
        };
        assert_eq!(verdict(&target(), &settings, "@ada", true), Verdict::Nothing);
    }
}
