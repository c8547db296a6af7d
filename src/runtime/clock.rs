//! Times of day, as the person's own clock shows them.

/// The local time of day of a moment in milliseconds since 1970: `09:41:12`.
pub(super) fn local(ms: u64) -> String {
    i64::try_from(ms)
        .ok()
        .and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok())
        .map(|moment| {
            let zoned = moment.to_zoned(jiff::tz::TimeZone::system());
            zoned.strftime("%H:%M:%S").to_string()
        })
        .unwrap_or_default()
}
