//! Texts in Markdown, as a study's author wrote them: paragraphs, headings, lists, quotes, tables,
//! code, links and pictures. What stands in HTML is left out.

use super::pictures;
use crate::lab::pictures::Album;
use crate::theme::{self, size};
use crate::words::Words;
use bevy_egui::egui::{
    Frame, Grid, Hyperlink, Label, Margin, RichText, Sense, Stroke, Ui, pos2, vec2,
};
use pulldown_cmark::{Event, HeadingLevel, Options, Parser, Tag, TagEnd};

/// What stands one below the other.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Block {
    /// A paragraph; 0 is plain text, 1 to 6 a heading.
    Line { level: u8, indent: u8, marker: Option<String>, quoted: bool, spans: Vec<Span> },
    /// A picture with what it shows.
    Picture { path: String, shows: String },
    /// Text as it is.
    Code(String),
    /// Rows of cells; the first is the head.
    Table(Vec<Vec<Vec<Span>>>),
    /// A line across.
    Rule,
}

/// Text in one style.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Span {
    text: String,
    style: Style,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Style {
    strong: bool,
    emphasis: bool,
    struck: bool,
    code: bool,
    link: Option<String>,
}

/// Shows a text. `id` tells its tables from others on the screen.
pub fn show(ui: &mut Ui, id: &str, text: &str, pictures: &Album, words: &Words) {
    let blocks = Reader::default().read(text);
    ui.scope(|ui| {
        ui.spacing_mut().item_spacing.y = theme::GAP * 0.75;
        for (at, block) in blocks.iter().enumerate() {
            match block {
                Block::Line { level, indent, marker, quoted, spans } => {
                    let quoted = *quoted;
                    line(ui, *level, *indent, marker.as_deref(), quoted, spans);
                }
                Block::Picture { path, shows } => {
                    let most = vec2(ui.available_width(), 320.0);
                    pictures::show(ui, path, shows, most, pictures, words);
                }
                Block::Code(code) => self::code(ui, code),
                Block::Table(rows) => table(ui, (id, at), rows),
                Block::Rule => {
                    let (rect, _) =
                        ui.allocate_exact_size(vec2(ui.available_width(), 9.0), Sense::hover());
                    let stroke = Stroke::new(1.0, theme::LINE);
                    ui.painter().hline(rect.x_range(), rect.center().y, stroke);
                }
            }
        }
    });
}

fn line(ui: &mut Ui, level: u8, indent: u8, marker: Option<&str>, quoted: bool, spans: &[Span]) {
    let size = match level {
        0 => size::BODY,
        1 => size::FIGURE,
        2 => 25.0,
        _ => 21.0,
    };
    ui.horizontal_top(|ui| {
        ui.spacing_mut().item_spacing.x = 0.0;
        let left = ui.cursor().left_top();
        ui.add_space(26.0 * f32::from(indent) + if quoted { 18.0 } else { 0.0 });
        if let Some(marker) = marker {
            let text = RichText::new(marker).size(size).color(theme::MUTED);
            ui.add_sized(vec2(26.0, size * 1.25), Label::new(text).selectable(false));
        }
        let response = ui
            .vertical(|ui| ui.horizontal_wrapped(|ui| say(ui, spans, size, level > 0)).response)
            .inner;
        if quoted {
            let down = response.rect.y_range();
            let stroke = Stroke::new(3.0, theme::LINE);
            ui.painter()
                .line_segment([pos2(left.x + 2.0, down.min), pos2(left.x + 2.0, down.max)], stroke);
        }
    });
}

/// Spans one behind the other, wrapped.
fn say(ui: &mut Ui, spans: &[Span], size: f32, strong: bool) {
    ui.spacing_mut().item_spacing = vec2(0.0, 4.0);
    for Span { text, style } in spans {
        let font = if strong || style.strong { theme::bold(size) } else { theme::font(size) };
        let mut rich = RichText::new(text).font(font).color(theme::INK);
        if style.code {
            rich = rich.monospace().background_color(theme::PAPER);
        }
        if style.emphasis {
            rich = rich.italics();
        }
        if style.struck {
            rich = rich.strikethrough();
        }
        match &style.link {
            Some(url) => {
                let link = rich.color(theme::ACCENT).underline();
                ui.add(Hyperlink::from_label_and_url(link, url).open_in_new_tab(true));
            }
            None => drop(ui.add(Label::new(rich).wrap())),
        }
    }
}

fn code(ui: &mut Ui, code: &str) {
    let frame = Frame::new().fill(theme::PAPER).inner_margin(Margin::same(10)).corner_radius(6);
    frame.show(ui, |ui| {
        ui.set_width(ui.available_width());
        let text = RichText::new(code.trim_end()).monospace().color(theme::INK);
        ui.add(Label::new(text).wrap());
    });
}

fn table(ui: &mut Ui, id: (&str, usize), rows: &[Vec<Vec<Span>>]) {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(1).max(1);
    let width = ui.available_width() / columns as f32 - theme::GAP;
    Grid::new(id).striped(true).max_col_width(width.max(60.0)).show(ui, |ui| {
        for (at, row) in rows.iter().enumerate() {
            for cell in row {
                ui.horizontal_wrapped(|ui| say(ui, cell, size::SMALL, at == 0));
            }
            ui.end_row();
        }
    });
}

/// Makes blocks of what the parser finds.
#[derive(Default)]
struct Reader {
    blocks: Vec<Block>,
    spans: Vec<Span>,
    style: Style,
    level: u8,
    quotes: u8,
    /// The number of the next item of each list that is open; none for dots.
    lists: Vec<Option<u64>>,
    marker: Option<String>,
    picture: Option<(String, String)>,
    code: Option<String>,
    rows: Vec<Vec<Vec<Span>>>,
}

impl Reader {
    fn read(mut self, text: &str) -> Vec<Block> {
        let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH;
        for event in Parser::new_ext(text, options) {
            match event {
                Event::Start(tag) => self.start(tag),
                Event::End(tag) => self.end(tag),
                Event::Text(text) => self.text(&text),
                Event::Code(text) => {
                    let style = Style { code: true, ..self.style.clone() };
                    self.spans.push(Span { text: text.into_string(), style });
                }
                Event::SoftBreak => self.text(" "),
                Event::HardBreak => self.text("\n"),
                Event::Rule => self.blocks.push(Block::Rule),
                _ => {}
            }
        }
        self.flush();
        self.blocks
    }

    fn start(&mut self, tag: Tag<'_>) {
        match tag {
            Tag::Heading { level, .. } => {
                self.level = match level {
                    HeadingLevel::H1 => 1,
                    HeadingLevel::H2 => 2,
                    _ => 3,
                };
            }
            Tag::BlockQuote(_) => self.quotes += 1,
            Tag::CodeBlock(_) => self.code = Some(String::new()),
            Tag::List(first) => {
                self.flush();
                self.lists.push(first);
            }
            Tag::Item => {
                self.marker = Some(match self.lists.last_mut() {
                    Some(Some(number)) => {
                        *number += 1;
                        format!("{}.", *number - 1)
                    }
                    _ => "•".to_owned(),
                });
            }
            Tag::TableHead | Tag::TableRow => self.rows.push(Vec::new()),
            Tag::Emphasis => self.style.emphasis = true,
            Tag::Strong => self.style.strong = true,
            Tag::Strikethrough => self.style.struck = true,
            Tag::Link { dest_url, .. } => self.style.link = Some(dest_url.into_string()),
            Tag::Image { dest_url, .. } => {
                self.picture = Some((dest_url.into_string(), String::new()));
            }
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Paragraph => self.flush(),
            TagEnd::Heading(_) => {
                self.flush();
                self.level = 0;
            }
            TagEnd::BlockQuote(_) => self.quotes = self.quotes.saturating_sub(1),
            TagEnd::CodeBlock => self.blocks.extend(self.code.take().map(Block::Code)),
            TagEnd::List(_) => drop(self.lists.pop()),
            TagEnd::Item => {
                self.flush();
                self.marker = None;
            }
            TagEnd::TableCell => {
                let cell = std::mem::take(&mut self.spans);
                self.rows.last_mut().into_iter().for_each(|row| row.push(cell.clone()));
            }
            TagEnd::Table => {
                let rows = std::mem::take(&mut self.rows);
                self.blocks.push(Block::Table(rows));
            }
            TagEnd::Emphasis => self.style.emphasis = false,
            TagEnd::Strong => self.style.strong = false,
            TagEnd::Strikethrough => self.style.struck = false,
            TagEnd::Link => self.style.link = None,
            TagEnd::Image => {
                if let Some((path, shows)) = self.picture.take() {
                    self.flush();
                    self.blocks.push(Block::Picture { path, shows });
                }
            }
            _ => {}
        }
    }

    fn text(&mut self, text: &str) {
        if let Some((_, shows)) = &mut self.picture {
            shows.push_str(text);
        } else if let Some(code) = &mut self.code {
            code.push_str(text);
        } else {
            match self.spans.last_mut() {
                Some(last) if last.style == self.style => last.text.push_str(text),
                _ => self.spans.push(Span { text: text.to_owned(), style: self.style.clone() }),
            }
        }
    }

    /// Ends a paragraph.
    fn flush(&mut self) {
        let spans = std::mem::take(&mut self.spans);
        if spans.iter().all(|span| span.text.trim().is_empty()) {
            return;
        }
        let depth = u8::try_from(self.lists.len()).unwrap_or(u8::MAX).min(6);
        let marker = self.marker.take();
        // The marker stands in the indentation of its list.
        let indent = if marker.is_some() { depth.saturating_sub(1) } else { depth };
        let (level, quoted) = (self.level, self.quotes > 0);
        self.blocks.push(Block::Line { level, indent, marker, quoted, spans });
    }
}

#[cfg(test)]
mod tests {
    use super::{Block, Reader, Span};

    /// Blocks in short: headings with #, styles in brackets.
    fn short(text: &str) -> Vec<String> {
        let say = |spans: &[Span]| {
            let span = |Span { text, style }: &Span| {
                let mut marks = String::new();
                for (is, mark) in [
                    (style.strong, "b"),
                    (style.emphasis, "i"),
                    (style.struck, "s"),
                    (style.code, "c"),
                ] {
                    marks.push_str(if is { mark } else { "" });
                }
                marks.push_str(style.link.as_deref().unwrap_or_default());
                if marks.is_empty() { text.clone() } else { format!("[{marks}:{text}]") }
            };
            spans.iter().map(span).collect::<String>()
        };
        let block = |block: Block| match block {
            Block::Line { level, indent, marker, quoted, spans } => {
                let quote = if quoted { ">" } else { "" };
                let marker = marker.map(|marker| marker + " ").unwrap_or_default();
                let (head, space) = ("#".repeat(level.into()), "_".repeat(indent.into()));
                format!("{quote}{space}{head}{marker}{}", say(&spans))
            }
            Block::Picture { path, shows } => format!("({path}: {shows})"),
            Block::Code(code) => format!("`{code}`"),
            Block::Table(rows) => rows
                .iter()
                .map(|row| row.iter().map(|cell| say(cell)).collect::<Vec<_>>().join("|"))
                .collect::<Vec<_>>()
                .join("/"),
            Block::Rule => "---".to_owned(),
        };
        Reader::default().read(text).into_iter().map(block).collect()
    }

    #[test]
    fn what_authors_write_is_read() {
        for (text, expected) in [
            ("one\ntwo\n\nthree", vec!["one two", "three"]),
            ("# A\n\n### *b*", vec!["#A", "###[i:b]"]),
            (
                "a **b** `c` ~~d~~ [e](https://f.example)",
                vec!["a [b:b] [c:c] [s:d] [https://f.example:e]"],
            ),
            ("- a\n- b\n  1. c\n  2. d\n- e", vec!["• a", "• b", "_1. c", "_2. d", "• e"]),
            ("- a\n\n  more of a\n\n- b", vec!["• a", "_more of a", "• b"]),
            ("> said\n\nnot said", vec![">said", "not said"]),
            ("see ![the keys](p/keys.png) there", vec!["see ", "(p/keys.png: the keys)", " there"]),
            ("```\nx = 1\n```\n***", vec!["`x = 1\n`", "---"]),
            ("| a | b |\n|---|---|\n| **c** | d |", vec!["a|b/[b:c]|d"]),
            ("<b>bold</b> plain<script>x</script>", vec!["bold plainx"]),
            ("", vec![]),
        ] {
            assert_eq!(short(text), expected, "{text:?}");
        }
    }
}
