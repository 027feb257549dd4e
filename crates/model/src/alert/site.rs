//! What concerns a site as a whole, and what the safeguarding lead must know.

use super::{Kind, Stretch};
use crate::event::{Body, Event};
use crate::params::Settings;
use crate::time::{Day, Instant};
use crate::words::{EndReason, LeftReason, RuptureCause};

/// Whether an event says something that the safeguarding lead must know.
pub(crate) fn is_for_safeguarding(body: &Body) -> bool {
    match body {
        Body::Ruptured { cause, .. } => matches!(
            cause,
            RuptureCause::Controlling
                | RuptureCause::AbuseOfPower
                | RuptureCause::BoundaryBreach
                | RuptureCause::InappropriateRelationship
                | RuptureCause::HarmfulBehaviour
        ),
        Body::Ended { reason, .. } => matches!(
            reason,
            EndReason::Controlling
                | EndReason::AbuseOfPower
                | EndReason::BoundaryBreach
                | EndReason::InappropriateRelationship
                | EndReason::HarmfulBehaviour
        ),
        Body::Left { reason } => {
            matches!(reason, LeftReason::BoundaryBreach | LeftReason::InappropriateRelationship)
        }
        _ => false,
    }
}

/// The safeguarding alert of an event and a subject, before acknowledgements, which alone close it.
///
/// `versions`: all accepted versions of the event that name the subject, withdrawn ones too, in the order of versions;
/// `standing`: the one that stands, if it names the subject. It is dated by that if it still says so and has occurred, else by
/// the last recorded that does; that it says so no more only marks it.
pub(crate) fn safeguarding(versions: &[&Event], standing: Option<&Event>, now: Instant) -> Option<Stretch> {
    let says_so = |event: &&Event| is_for_safeguarding(&event.body);
    let has_occurred = |event: &&Event| event.occurred_at <= now;
    let standing = standing.filter(says_so);
    let last = || versions.iter().copied().filter(says_so).rfind(has_occurred);
    let event = standing.filter(has_occurred).or_else(last)?;
    let stretch = Stretch::opened(Kind::Safeguarding, event, event.occurred_at);
    Some(Stretch { withdrawn_event: standing.is_none(), ..stretch })
}

/// The present silence of a site, and when time alone will begin it.
///
/// `newest`: the day of the newest `ingested_at` of any of its records; `event`: of those records the last in the order.
pub(crate) fn site_silent(
    newest: Day,
    event: &Event,
    settings: &Settings,
    now: Instant,
) -> (Option<Stretch>, Option<Instant>) {
    let since = newest.plus(settings.silent_days as i32 + 1).start();
    if since > now {
        return (None, Some(since));
    }
    let stretch = Stretch::opened_by(
        Kind::SiteSilent,
        event.id.clone(),
        // Time opened it, whenever its last event occurred.
        (Instant(i64::MIN), event.recorded_at),
        since,
    );
    (Some(stretch), None)
}
