//! What the program is told when it starts. Plain data; nothing here asks the world.

use crate::agent::SessionSettings;
use crate::coverage::Percent;

use super::layout::Size;

/// Everything the explorer needs to know before the first message.
#[derive(Clone, Debug)]
pub struct AppSettings {
    /// The name of the project: its folder's.
    pub project: String,
    /// The terminal's size at the start.
    pub size: Size,
    pub look: Look,
    /// `[ui] mouse`.
    pub mouse: bool,
    /// `[target] branches`: files below it are marked.
    pub target: Option<Percent>,
    /// What the person must know all the time, in the header: `recording` for the demo.
    pub banner: Option<String>,
    /// Begin with what the person changed.
    pub only_mine: bool,
    pub session: SessionSettings,
    /// `[agent] rounds`: turns that may be spent on one batch.
    pub rounds: u32,
    /// `[agent] max_tokens`, for one campaign.
    pub max_tokens: u64,
}

/// How it may look: found out by the runtime from settings, environment and terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    pub theme: ThemeName,
    pub colours: Colours,
    /// The terminal or the locale cannot do more than ASCII.
    pub ascii: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ThemeName {
    Dark,
    Light,
    /// The terminal's own sixteen colours.
    Ansi,
    /// Blue and orange instead of green and red, for a dark background.
    ColourBlind,
    /// The same for a light one.
    ColourBlindLight,
}

/// How many colours the terminal can show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Colours {
    /// `NO_COLOR`: only bold, dim, underline and reverse.
    None,
    /// The terminal's own sixteen.
    Sixteen,
    /// The 256-colour palette.
    Palette,
    /// 24 bit.
    Full,
}
