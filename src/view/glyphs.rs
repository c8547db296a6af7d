//! The signs the screen is made of, and what stands for them where only ASCII can be shown.

/// Signs of one cell each.
#[derive(Clone, Copy, Debug)]
pub struct Glyphs {
    pub ascii: bool,
    pub taken: &'static str,
    pub untaken: &'static str,
    pub picked: &'static str,
    pub half: &'static str,
    pub closed: &'static str,
    pub folder_open: &'static str,
    pub folder_closed: &'static str,
    pub bar: &'static str,
    pub bar_rest: &'static str,
    pub divider: &'static str,
    pub rule: &'static str,
    pub gutter: &'static str,
    pub elbow: &'static str,
    pub dash: &'static str,
    pub dot: &'static str,
    pub cut: &'static str,
    pub cursor: &'static str,
    pub mark: &'static str,
    pub then: &'static str,
    /// From low to high.
    pub spark: [&'static str; 8],
}

/// For terminals that can show Unicode.
pub const UNICODE: Glyphs = Glyphs {
    ascii: false,
    taken: "●",
    untaken: "○",
    picked: "◉",
    half: "◐",
    closed: "✓",
    folder_open: "▾",
    folder_closed: "▸",
    bar: "━",
    bar_rest: "─",
    divider: "│",
    rule: "─",
    gutter: "▎",
    elbow: "╰",
    dash: "─",
    dot: "·",
    cut: "…",
    cursor: "▌",
    mark: "▐",
    then: "›",
    spark: ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"],
};

/// For the rest.
pub const ASCII: Glyphs = Glyphs {
    ascii: true,
    taken: "+",
    untaken: "o",
    picked: "*",
    half: "~",
    closed: "v",
    folder_open: "v",
    folder_closed: ">",
    bar: "=",
    bar_rest: "-",
    divider: "|",
    rule: "-",
    gutter: "|",
    elbow: "`",
    dash: "-",
    dot: ".",
    cut: "~",
    cursor: ">",
    mark: "#",
    then: ">",
    spark: ["_", "_", ".", ".", "-", "-", "=", "="],
};
