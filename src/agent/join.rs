//! Deltas that follow each other made one, so that a fast stream costs one update and one drawing.

use super::incoming::{Event, Incoming};

/// Join the text deltas of one item that stand next to each other. The order of everything stays.
#[must_use]
pub fn join(batch: Vec<Incoming>) -> Vec<Incoming> {
    let mut joined: Vec<Incoming> = Vec::with_capacity(batch.len());
    for incoming in batch {
        match joined.last_mut() {
            Some(last) => {
                if let Some(incoming) = append(last, incoming) {
                    joined.push(incoming);
                }
            }
            None => joined.push(incoming),
        }
    }
    joined
}

/// Append `next` to `last` if both are deltas of the same item; else give it back.
fn append(last: &mut Incoming, next: Incoming) -> Option<Incoming> {
    let (
        Incoming::Event {
            thread: last_thread,
            event: last_event,
        },
        Incoming::Event { thread, event },
    ) = (last, &next)
    else {
        return Some(next);
    };
    if last_thread != thread {
        return Some(next);
    }
    match (last_event, event) {
        (
            Event::MessageDelta {
                item: last_item,
                text: last_text,
            },
            Event::MessageDelta { item, text },
        )
        | (
            Event::ReasoningDelta {
                item: last_item,
                text: last_text,
            },
            Event::ReasoningDelta { item, text },
        )
        | (
            Event::OutputDelta {
                item: last_item,
                text: last_text,
            },
            Event::OutputDelta { item, text },
        ) if last_item == item => {
            last_text.push_str(text);
            None
        }
        _ => Some(next),
    }
}

#[cfg(test)]
mod tests {
    use super::super::incoming::ThreadId;
    use super::*;

    fn delta(thread: &str, item: &str, text: &str) -> Incoming {
        Incoming::Event {
            thread: Some(ThreadId(thread.into())),
            event: Event::MessageDelta {
                item: item.into(),
                text: text.into(),
            },
        }
    }

    #[test]
    fn only_neighbours_of_one_item_and_thread_are_joined() {
        let other = Incoming::Other { method: "x".into() };
        let batch = vec![
            delta("t", "a", "one "),
            delta("t", "a", "two"),
            delta("t", "b", "three"),
            delta("u", "b", "four"),
            other.clone(),
            delta("u", "b", "five"),
            delta("u", "b", " six"),
        ];
        assert_eq!(
            join(batch),
            vec![
                delta("t", "a", "one two"),
                delta("t", "b", "three"),
                delta("u", "b", "four"),
                other,
                delta("u", "b", "five six"),
            ]
        );
    }
}
