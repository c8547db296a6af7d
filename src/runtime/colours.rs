//! Colour for the source on the screen, found off the loop.
//!
//! The newest wish comes first, because it is what the person looks at; wishes for a text that is not
//! shown any more are dropped. Nothing is coloured that nobody asked for.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;

use super::tasks::Tasks;
use crate::app::effect::RequestId;
use crate::app::message::{Message, SourceView};
use crate::coverage::{FilePath, Line};
use crate::highlight::{Highlighted, Highlighter, StyledSpan, SyntaxClass};

/// So many texts keep their parser's states, for going back and forth between files.
const KEPT: usize = 8;

/// Colours the texts that were read last, on one thread of its own: the parser's states cannot move
/// between threads. A clone is another handle to the same; the thread ends with the last of them.
#[derive(Clone, Debug)]
pub(super) struct Colours {
    asked: Sender<Asked>,
}

#[derive(Debug)]
enum Asked {
    /// A text was read: it is what wishes for its path mean from now on.
    Know(Arc<SourceView>),
    Wish(Wish),
}

#[derive(Debug)]
struct Wish {
    request: RequestId,
    path: FilePath,
    first: Line,
    count: u32,
}

impl Colours {
    pub(super) fn new(tasks: &Tasks) -> Self {
        let (asked, asks) = mpsc::channel();
        let answers = tasks.sender();
        let started = thread::Builder::new()
            .name("untaken colours".to_owned())
            .spawn(move || {
                let mut painter = Painter::default();
                while let Some(wish) = painter.next_wish(&asks) {
                    let Some(answer) = painter.answer(wish) else {
                        continue;
                    };
                    if answers.blocking_send(answer).is_err() {
                        return;
                    }
                }
            });
        if let Err(error) = started {
            // Everything stays plain; that is no reason not to show it.
            tracing::error!(%error, "no thread for colours");
        }
        Self { asked }
    }

    /// Takes note of a text that was read.
    pub(super) fn know(&self, view: Arc<SourceView>) {
        self.ask(Asked::Know(view));
    }

    /// Colours some lines, and answers with [`Message::Highlighted`].
    pub(super) fn highlight(&self, request: RequestId, path: FilePath, first: Line, count: u32) {
        self.ask(Asked::Wish(Wish {
            request,
            path,
            first,
            count,
        }));
    }

    fn ask(&self, asked: Asked) {
        // Nobody listens when there is no thread, which was said then.
        let _ = self.asked.send(asked);
    }
}

#[derive(Default)]
struct Painter {
    /// The newest last.
    texts: Vec<Text>,
    /// The newest last.
    wishes: Vec<Wish>,
}

struct Text {
    view: Arc<SourceView>,
    parser: Parser,
}

enum Parser {
    /// Nobody asked yet: decoding the grammars takes a moment.
    NotYet,
    /// `None` where there is nothing to colour.
    Ready(Option<Box<Highlighter>>),
}

impl Painter {
    /// Waits for a wish and returns the newest; `None` when nobody can ask any more.
    fn next_wish(&mut self, asks: &Receiver<Asked>) -> Option<Wish> {
        loop {
            if self.wishes.is_empty() {
                let asked = asks.recv().ok()?;
                self.take(asked);
            }
            while let Ok(asked) = asks.try_recv() {
                self.take(asked);
            }
            if let Some(wish) = self.wishes.pop() {
                return Some(wish);
            }
        }
    }

    fn take(&mut self, asked: Asked) {
        match asked {
            Asked::Wish(wish) => {
                self.wishes.retain(|other| other.path == wish.path);
                self.wishes.push(wish);
            }
            Asked::Know(view) => {
                let same_path = |text: &Text| text.view.path == view.path;
                let old = self.texts.iter().position(same_path);
                let parser = match old.map(|idx| self.texts.remove(idx)) {
                    Some(old) if old.view.lines == view.lines => old.parser,
                    _ => Parser::NotYet,
                };
                self.texts.push(Text { view, parser });
                if self.texts.len() > KEPT {
                    self.texts.remove(0);
                }
            }
        }
    }

    fn answer(&mut self, wish: Wish) -> Option<Message> {
        let text = self
            .texts
            .iter_mut()
            .find(|text| text.view.path == wish.path)?;
        // A grammar that panics over some text must not take all other colours with it.
        let painted = catch_unwind(AssertUnwindSafe(|| text.paint(wish.first, wish.count)));
        let lines = painted.unwrap_or_else(|_| {
            text.parser = Parser::Ready(None);
            plain(&text.view, wish.first, wish.count)
        });
        Some(Message::Highlighted {
            request: wish.request,
            path: wish.path,
            lines: Arc::new(lines),
        })
    }
}

impl Text {
    fn paint(&mut self, first: Line, count: u32) -> Highlighted {
        if matches!(self.parser, Parser::NotYet) {
            let highlighter = Highlighter::new(&self.view.path, &self.view.lines);
            self.parser = Parser::Ready(highlighter.map(Box::new));
        }
        match &mut self.parser {
            Parser::Ready(Some(highlighter)) => {
                highlighter.highlight(&self.view.lines, first, count)
            }
            Parser::NotYet | Parser::Ready(None) => plain(&self.view, first, count),
        }
    }
}

/// The answer where there is nothing to colour, so that nobody waits for one.
fn plain(view: &SourceView, first: Line, count: u32) -> Highlighted {
    let lines = view.lines.iter().skip(first.index()).take(count as usize);
    let class = SyntaxClass::Plain;
    Highlighted {
        first,
        lines: lines
            .map(|line| {
                let len = line.len();
                vec![StyledSpan { len, class }]
            })
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::mpsc as inbox;

    use super::*;

    fn view(path: &str, text: &str) -> Arc<SourceView> {
        Arc::new(SourceView {
            path: path.into(),
            lines: text.lines().map(str::to_owned).collect(),
            gaps: Vec::new(),
            report_lines: None,
        })
    }

    async fn answer(inbox: &mut inbox::Receiver<Message>) -> (u64, FilePath, Arc<Highlighted>) {
        match inbox.recv().await {
            Some(Message::Highlighted {
                request,
                path,
                lines,
            }) => (request.0, path, lines),
            other => panic!("{other:?}"),
        }
    }

    #[tokio::test]
    async fn every_wish_for_the_shown_text_is_answered() {
        let (sender, mut inbox) = inbox::channel(16);
        let colours = Colours::new(&Tasks::new(sender));
        colours.know(view("a.py", &"if True:\n    pass\n".repeat(200)));
        for (request, first) in [(1, 1), (2, 65), (3, 129)] {
            let first = Line::new(first).unwrap();
            colours.highlight(RequestId(request), "a.py".into(), first, 64);
        }
        let mut answered = Vec::new();
        for _ in 0..3 {
            let (request, _, coloured) = answer(&mut inbox).await;
            assert_eq!(coloured.lines.len(), 64);
            let first = &coloured.lines[0];
            assert_eq!(first[0].class, SyntaxClass::Keyword, "{first:?}");
            answered.push(request);
        }
        answered.sort_unstable();
        assert_eq!(answered, [1, 2, 3]);
    }

    #[tokio::test]
    async fn what_has_no_colour_is_answered_too() {
        let (sender, mut inbox) = inbox::channel(16);
        let colours = Colours::new(&Tasks::new(sender));
        colours.know(view("notes.unknown", "one\ntwo"));
        colours.highlight(RequestId(1), "notes.unknown".into(), Line::FIRST, 64);
        let (_, _, coloured) = answer(&mut inbox).await;
        let lens: Vec<usize> = coloured.lines.iter().map(|line| line[0].len).collect();
        assert_eq!(lens, [3, 3]);
    }

    #[tokio::test]
    async fn a_text_that_was_read_again_is_coloured_as_it_is_now() {
        let (sender, mut inbox) = inbox::channel(16);
        let colours = Colours::new(&Tasks::new(sender));
        colours.know(view("a.py", "x = 1"));
        colours.highlight(RequestId(1), "a.py".into(), Line::FIRST, 64);
        answer(&mut inbox).await;
        colours.know(view("a.py", "# all of it a comment"));
        colours.highlight(RequestId(2), "a.py".into(), Line::FIRST, 64);
        let (request, _, coloured) = answer(&mut inbox).await;
        assert_eq!(request, 2);
        assert_eq!(coloured.lines[0][0].class, SyntaxClass::Comment);
        assert_eq!(coloured.lines.len(), 1);
    }
}
