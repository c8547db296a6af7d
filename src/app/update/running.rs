//! The run of a campaign: what the world tells of it.

use crate::app::work::RunNews;
use crate::app::{App, Step};

impl App {
    pub(super) fn run_news(&mut self, news: RunNews, step: &mut Step) {
        match news {
            RunNews::Trouble(trouble) => self.complain(trouble.says),
            _ => step.redraw = false,
        }
    }
}
