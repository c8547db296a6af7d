//! A model that says what a script tells it: the Responses API over loopback, for Codex to talk to.
//!
//! A script is JSON. Each request of a thread takes the next reply; requests whose newest message of the
//! user contains the words of an entry of `when` take theirs from there.
//!
//! ```json
//! {
//!   "pace_ms": 15, "chunk": 24,
//!   "tokens": {"input": 1200, "cached": 1024, "output": 80, "reasoning": 16},
//!   "when": [{"says": "tax.py", "replies": [ … ]}],
//!   "replies": [
//!     {"output": [{"think": "The false arm needs …"},
//!                 {"say": "I add a test for it.", "phase": "commentary"},
//!                 {"write": "tests/test_tax.py", "text": "def test_…"}]},
//!     {"output": [{"run": "pytest -q", "args": {"workdir": "sub"}}]},
//!     {"output": [{"patch": "*** Begin Patch\n…"}]},
//!     {"output": [{"call": "update_plan", "arguments": {"plan": []}}]},
//!     {"output": [{"call": "gaps", "namespace": "mcp__untaken", "arguments": {}}]},
//!     {"hold": "gate", "output": [{"say": "only after the gate was opened"}]},
//!     {"status": 429, "body": {"error": {"message": "slow down"}}},
//!     {"cut_after": 3, "output": [{"say": "the line breaks"}]}
//!   ]
//! }
//! ```
//!
//! A reply may have `pace_ms` (between two pieces of a text), `chunk` (characters of a piece), `delay_ms`
//! (before anything is answered) and `tokens` of its own. After the last reply the model says that its
//! script has ended. Models that call tools by name and models that write JavaScript for one `exec` tool
//! are both served, by what the request offers.

#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "test support: each test uses its part, and stops at the first surprise"
)]

use std::collections::HashMap;
use std::io::{self, BufRead, BufReader, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Duration;

use serde_json::{Map, Value, json};

/// A running server. It ends when it is dropped.
pub(crate) struct ModelServer {
    port: u16,
    shared: Arc<Shared>,
}

/// What a test wants to know of a request.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    pub(crate) thread: String,
    pub(crate) body: Value,
}

struct Shared {
    script: Value,
    /// Which reply of which list a thread takes next.
    positions: Mutex<HashMap<(String, usize), usize>>,
    received: Mutex<Vec<Received>>,
    open_gates: Mutex<Vec<String>>,
    gate_opened: Condvar,
    stopping: AtomicBool,
    next_id: AtomicU64,
}

impl ModelServer {
    /// Serve a script on a free port of the loopback interface.
    pub(crate) fn start(script: Value) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = Arc::new(Shared {
            script,
            positions: Mutex::default(),
            received: Mutex::default(),
            open_gates: Mutex::default(),
            gate_opened: Condvar::new(),
            stopping: AtomicBool::new(false),
            next_id: AtomicU64::new(1),
        });
        let for_thread = Arc::clone(&shared);
        thread::spawn(move || {
            for stream in listener.incoming() {
                if for_thread.stopping.load(Ordering::Relaxed) {
                    return;
                }
                let Ok(stream) = stream else { continue };
                let shared = Arc::clone(&for_thread);
                // A client that hangs up in the middle is a normal event here.
                thread::spawn(move || drop(shared.serve(stream)));
            }
        });
        Self { port, shared }
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn base_url(&self) -> String {
        base_url(self.port)
    }

    /// All requests of models so far.
    pub(crate) fn received(&self) -> Vec<Received> {
        self.shared.received.lock().unwrap().clone()
    }

    /// Let the replies go on that `hold` at this gate.
    pub(crate) fn open(&self, gate: &str) {
        self.shared.open_gates.lock().unwrap().push(gate.to_owned());
        self.shared.gate_opened.notify_all();
    }
}

impl Drop for ModelServer {
    fn drop(&mut self) {
        self.shared.stopping.store(true, Ordering::Relaxed);
        self.shared.gate_opened.notify_all();
        // The listener waits in accept: one last guest lets it look up.
        drop(TcpStream::connect(("127.0.0.1", self.port)));
    }
}

pub(crate) fn base_url(port: u16) -> String {
    format!("http://127.0.0.1:{port}/v1")
}

/// A `config.toml` for Codex that makes a server at this address its only model.
pub(crate) fn codex_config(base_url: &str, model: &str) -> String {
    format!(
        "model = \"{model}\"\n\
         model_provider = \"scripted\"\n\
         [model_providers.scripted]\n\
         name = \"scripted\"\n\
         base_url = \"{base_url}\"\n\
         wire_api = \"responses\"\n"
    )
}

/// A request as HTTP brings it.
struct Request {
    method: String,
    path: String,
    headers: HashMap<String, String>,
    body: Vec<u8>,
}

fn read_request(reader: &mut impl BufRead) -> io::Result<Request> {
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let mut words = line.split_whitespace();
    let method = words.next().unwrap_or_default().to_owned();
    let path = words.next().unwrap_or_default().to_owned();
    let mut headers = HashMap::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 || line.trim().is_empty() {
            break;
        }
        if let Some((name, value)) = line.split_once(':') {
            headers.insert(name.trim().to_lowercase(), value.trim().to_owned());
        }
    }
    let mut body = Vec::new();
    if headers
        .get("transfer-encoding")
        .is_some_and(|encoding| encoding.contains("chunked"))
    {
        loop {
            let mut size = String::new();
            reader.read_line(&mut size)?;
            let size = usize::from_str_radix(size.trim(), 16).unwrap_or(0);
            let mut chunk = vec![0; size + 2];
            reader.read_exact(&mut chunk)?;
            if size == 0 {
                break;
            }
            body.extend_from_slice(&chunk[..size]);
        }
    } else if let Some(length) = headers.get("content-length") {
        body.resize(length.parse().unwrap_or(0), 0);
        reader.read_exact(&mut body)?;
    }
    Ok(Request {
        method,
        path,
        headers,
        body,
    })
}

fn respond(stream: &mut TcpStream, status: u16, body: &Value) -> io::Result<()> {
    let body = body.to_string();
    write!(
        stream,
        "HTTP/1.1 {status} scripted\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    )
}

impl Shared {
    fn serve(&self, mut stream: TcpStream) -> io::Result<()> {
        let request = read_request(&mut BufReader::new(stream.try_clone()?))?;
        let path = request.path.split('?').next().unwrap_or_default();
        if request.method == "POST" && path.ends_with("/responses") {
            let Ok(body) = serde_json::from_slice::<Value>(&request.body) else {
                return respond(&mut stream, 400, &json!({"error": {"message": "no JSON"}}));
            };
            self.answer(&mut stream, &request.headers, &body)?;
        } else if let Some(gate) = path.strip_prefix("/gate/") {
            self.open_gates.lock().unwrap().push(gate.to_owned());
            self.gate_opened.notify_all();
            respond(&mut stream, 200, &json!({}))?;
        } else {
            respond(
                &mut stream,
                404,
                &json!({"error": {"message": "no such path"}}),
            )?;
        }
        stream.shutdown(Shutdown::Both)
    }

    fn answer(
        &self,
        stream: &mut TcpStream,
        headers: &HashMap<String, String>,
        body: &Value,
    ) -> io::Result<()> {
        let thread = headers
            .get("thread-id")
            .cloned()
            .or_else(|| body["prompt_cache_key"].as_str().map(str::to_owned))
            .unwrap_or_default();
        self.received.lock().unwrap().push(Received {
            thread: thread.clone(),
            body: body.clone(),
        });
        let reply = self.next_reply(&thread, &newest_user_text(body));
        pause(reply["delay_ms"].as_u64());
        if let Some(status) = reply["status"].as_u64() {
            let status = u16::try_from(status).unwrap_or(500);
            return respond(stream, status, &reply["body"]);
        }
        write!(
            stream,
            "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n"
        )?;
        let mut events = Events {
            stream,
            sent: 0,
            cut_after: reply["cut_after"].as_u64(),
        };
        self.stream(&mut events, &reply, body)?;
        stream.write_all(b"0\r\n\r\n")
    }

    fn next_reply(&self, thread: &str, user_text: &str) -> Value {
        let none = Vec::new();
        let routes = self.script["when"].as_array().unwrap_or(&none);
        let (list, replies) = routes
            .iter()
            .enumerate()
            .find(|(_, route)| {
                route["says"]
                    .as_str()
                    .is_some_and(|says| user_text.contains(says))
            })
            .map_or((usize::MAX, &self.script["replies"]), |(idx, route)| {
                (idx, &route["replies"])
            });
        let mut positions = self.positions.lock().unwrap();
        let position = positions.entry((thread.to_owned(), list)).or_default();
        let reply = replies
            .get(*position)
            .cloned()
            .unwrap_or_else(|| json!({"output": [{"say": "The script has ended."}]}));
        *position += 1;
        reply
    }

    fn id(&self, kind: &str) -> String {
        format!("{kind}_{}", self.next_id.fetch_add(1, Ordering::Relaxed))
    }

    fn stream(&self, events: &mut Events<'_>, reply: &Value, request: &Value) -> io::Result<()> {
        let setting = |name: &str| reply[name].as_u64().or_else(|| self.script[name].as_u64());
        let pace = Pace {
            chunk: usize::try_from(setting("chunk").unwrap_or(24).max(1)).unwrap(),
            between: setting("pace_ms"),
        };
        let response =
            json!({"id": self.id("resp"), "object": "response", "model": request["model"]});
        events.send("response.created", json!({"response": response}))?;
        if let Some(gate) = reply["hold"].as_str() {
            self.wait_at(gate, events)?;
        }
        if let Some(error) = reply.get("fail") {
            let mut response = response;
            response["status"] = json!("failed");
            response["error"] = error.clone();
            return events.send("response.failed", json!({"response": response}));
        }
        let tools = Tools::offered_in(request);
        let mut output = Vec::new();
        for (idx, spec) in reply["output"].as_array().into_iter().flatten().enumerate() {
            let item = self.item(spec, &tools);
            events.item(idx, &item, &pace)?;
            output.push(item);
        }
        let tokens = reply.get("tokens").unwrap_or(&self.script["tokens"]);
        let count = |name: &str, otherwise: u64| tokens[name].as_u64().unwrap_or(otherwise);
        let (input, out) = (count("input", 1000), count("output", 50));
        let mut response = response;
        response["status"] = json!("completed");
        response["output"] = json!(output);
        response["usage"] = json!({
            "input_tokens": input,
            "input_tokens_details": {"cached_tokens": count("cached", 0)},
            "output_tokens": out,
            "output_tokens_details": {"reasoning_tokens": count("reasoning", 0)},
            "total_tokens": input + out,
        });
        events.send("response.completed", json!({"response": response}))
    }

    /// Wait for a gate, sending comments meanwhile: they show when the client has gone.
    fn wait_at(&self, gate: &str, events: &mut Events<'_>) -> io::Result<()> {
        let mut open = self.open_gates.lock().unwrap();
        while !open.iter().any(|name| name == gate) {
            if self.stopping.load(Ordering::Relaxed) {
                return Err(io::ErrorKind::Interrupted.into());
            }
            (open, _) = self
                .gate_opened
                .wait_timeout(open, Duration::from_millis(200))
                .unwrap();
            events.comment()?;
        }
        Ok(())
    }

    fn item(&self, spec: &Value, tools: &Tools) -> Value {
        if let Some(text) = spec["say"].as_str() {
            let mut item = json!({
                "type": "message",
                "id": self.id("msg"),
                "role": "assistant",
                "status": "completed",
                "content": [{"type": "output_text", "text": text, "annotations": []}],
            });
            if let Some(phase) = spec.get("phase") {
                item["phase"] = phase.clone();
            }
            item
        } else if let Some(text) = spec["think"].as_str() {
            json!({
                "type": "reasoning",
                "id": self.id("rs"),
                "summary": [{"type": "summary_text", "text": text}],
                "encrypted_content": null,
            })
        } else if let Some(command) = spec["run"].as_str() {
            let mut arguments = spec["args"].as_object().cloned().unwrap_or_default();
            arguments.insert("cmd".into(), json!(command));
            self.command(arguments, tools)
        } else if let Some(patch) = spec["patch"].as_str() {
            self.patch(patch, tools)
        } else if let Some(path) = spec["write"].as_str() {
            let text = spec["text"].as_str().unwrap_or_default();
            let mut patch = format!("*** Begin Patch\n*** Add File: {path}\n");
            for line in text.lines() {
                patch.push('+');
                patch.push_str(line);
                patch.push('\n');
            }
            patch.push_str("*** End Patch");
            self.patch(&patch, tools)
        } else if let Some(name) = spec["call"].as_str() {
            let mut call = self.function_call(name, &spec["arguments"], tools);
            // A tool of an MCP server, which a request need not offer by itself (0.169 has them searched for).
            if let Some(namespace) = spec.get("namespace") {
                call["namespace"] = namespace.clone();
            }
            call
        } else {
            panic!("the script has an output of no known kind: {spec}");
        }
    }

    fn command(&self, mut arguments: Map<String, Value>, tools: &Tools) -> Value {
        if tools.has("exec_command") {
            self.function_call("exec_command", &Value::Object(arguments), tools)
        } else if tools.has("shell_command") {
            if let Some(command) = arguments.remove("cmd") {
                arguments.insert("command".into(), command);
            }
            self.function_call("shell_command", &Value::Object(arguments), tools)
        } else {
            self.script_call("exec_command", &Value::Object(arguments), tools)
        }
    }

    fn patch(&self, patch: &str, tools: &Tools) -> Value {
        if tools.has("apply_patch") {
            self.custom_call("apply_patch", patch, tools)
        } else {
            self.script_call("apply_patch", &json!(patch), tools)
        }
    }

    fn function_call(&self, name: &str, arguments: &Value, tools: &Tools) -> Value {
        let arguments = match arguments {
            Value::String(verbatim) => verbatim.clone(),
            other => other.to_string(),
        };
        tools.in_namespace(
            name,
            json!({
                "type": "function_call",
                "id": self.id("fc"),
                "call_id": self.id("call"),
                "name": name,
                "arguments": arguments,
            }),
        )
    }

    fn custom_call(&self, name: &str, input: &str, tools: &Tools) -> Value {
        tools.in_namespace(
            name,
            json!({
                "type": "custom_tool_call",
                "id": self.id("ctc"),
                "call_id": self.id("call"),
                "name": name,
                "status": "completed",
                "input": input,
            }),
        )
    }

    /// For models whose only tool runs JavaScript.
    fn script_call(&self, function: &str, argument: &Value, tools: &Tools) -> Value {
        let script = format!(
            "const out = await tools.{function}({argument});\n\
             text(typeof out === \"string\" ? out : JSON.stringify(out));\n"
        );
        self.custom_call("exec", &script, tools)
    }
}

fn pause(milliseconds: Option<u64>) {
    if let Some(milliseconds) = milliseconds {
        thread::sleep(Duration::from_millis(milliseconds));
    }
}

/// What the person said last; Codex's own context comes as messages of the user too, and is passed over.
fn newest_user_text(body: &Value) -> String {
    let own = [
        "<environment_context>",
        "# AGENTS.md",
        "<skill>",
        "<turn_aborted>",
    ];
    let none = Vec::new();
    body["input"]
        .as_array()
        .unwrap_or(&none)
        .iter()
        .rev()
        .filter(|item| item["role"] == "user" || item["type"] == "agent_message")
        .map(|item| match &item["content"] {
            Value::String(text) => text.clone(),
            parts => parts
                .as_array()
                .into_iter()
                .flatten()
                // What one agent says to another has its text there.
                .filter_map(|part| part["text"].as_str().or(part["encrypted_content"].as_str()))
                .collect::<Vec<_>>()
                .join("\n"),
        })
        .find(|text| !own.iter().any(|own| text.trim_start().starts_with(own)))
        .unwrap_or_default()
}

/// The tools a request offers, each with its namespace if it has one.
struct Tools(HashMap<String, Option<String>>);

impl Tools {
    fn offered_in(request: &Value) -> Self {
        let mut tools = HashMap::new();
        collect_tools(&request["tools"], None, &mut tools);
        // Newer models are offered theirs by an item of the input.
        for item in request["input"].as_array().into_iter().flatten() {
            if item["type"] == "additional_tools" {
                collect_tools(&item["tools"], None, &mut tools);
            }
        }
        Self(tools)
    }

    fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    fn in_namespace(&self, name: &str, mut call: Value) -> Value {
        if let Some(Some(namespace)) = self.0.get(name) {
            call["namespace"] = json!(namespace);
        }
        call
    }
}

fn collect_tools(
    tools: &Value,
    namespace: Option<&str>,
    into: &mut HashMap<String, Option<String>>,
) {
    for tool in tools.as_array().into_iter().flatten() {
        if tool["type"] == "namespace" {
            collect_tools(&tool["tools"], tool["name"].as_str(), into);
        } else if let Some(name) = tool["name"].as_str().or_else(|| tool["type"].as_str()) {
            into.insert(name.to_owned(), namespace.map(str::to_owned));
        }
    }
}

/// How fast a text comes.
struct Pace {
    /// In characters.
    chunk: usize,
    /// In milliseconds.
    between: Option<u64>,
}

/// The server-sent events of one response.
struct Events<'a> {
    stream: &'a mut TcpStream,
    sent: u64,
    cut_after: Option<u64>,
}

impl Events<'_> {
    fn chunk(&mut self, bytes: &[u8]) -> io::Result<()> {
        write!(self.stream, "{:x}\r\n", bytes.len())?;
        self.stream.write_all(bytes)?;
        self.stream.write_all(b"\r\n")?;
        self.stream.flush()
    }

    fn comment(&mut self) -> io::Result<()> {
        self.chunk(b": held\n\n")
    }

    fn send(&mut self, kind: &str, mut event: Value) -> io::Result<()> {
        if self.cut_after.is_some_and(|most| self.sent >= most) {
            // The line breaks: no last chunk, no end of the response.
            self.stream.shutdown(Shutdown::Both)?;
            return Err(io::ErrorKind::ConnectionAborted.into());
        }
        event["type"] = json!(kind);
        event["sequence_number"] = json!(self.sent);
        self.sent += 1;
        self.chunk(format!("event: {kind}\ndata: {event}\n\n").as_bytes())
    }

    /// A text in pieces.
    fn pieces(&mut self, kind: &str, about: &Value, text: &str, pace: &Pace) -> io::Result<()> {
        let chars: Vec<char> = text.chars().collect();
        for piece in chars.chunks(pace.chunk) {
            let mut event = about.clone();
            event["delta"] = json!(piece.iter().collect::<String>());
            self.send(kind, event)?;
            pause(pace.between);
        }
        Ok(())
    }

    fn item(&mut self, idx: usize, item: &Value, pace: &Pace) -> io::Result<()> {
        let about = json!({"output_index": idx, "item_id": item["id"]});
        let part = |number: &str| {
            let mut about = about.clone();
            about[number] = json!(0);
            about
        };
        let mut opened = item.clone();
        match item["type"].as_str() {
            Some("message") => {
                opened["content"] = json!([]);
                opened["status"] = json!("in_progress");
            }
            Some("reasoning") => opened["summary"] = json!([]),
            Some("function_call") => opened["arguments"] = json!(""),
            Some("custom_tool_call") => opened["input"] = json!(""),
            _ => {}
        }
        self.send(
            "response.output_item.added",
            json!({"output_index": idx, "item": opened}),
        )?;
        match item["type"].as_str() {
            Some("message") => {
                let about = part("content_index");
                let text = item["content"][0]["text"].as_str().unwrap_or_default();
                let mut added = about.clone();
                added["part"] = json!({"type": "output_text", "text": "", "annotations": []});
                self.send("response.content_part.added", added)?;
                self.pieces("response.output_text.delta", &about, text, pace)?;
                let mut done = about;
                done["text"] = json!(text);
                self.send("response.output_text.done", done)?;
            }
            Some("reasoning") => {
                let about = part("summary_index");
                let text = item["summary"][0]["text"].as_str().unwrap_or_default();
                let mut added = about.clone();
                added["part"] = json!({"type": "summary_text", "text": ""});
                self.send("response.reasoning_summary_part.added", added)?;
                self.pieces("response.reasoning_summary_text.delta", &about, text, pace)?;
                let mut done = about;
                done["text"] = json!(text);
                self.send("response.reasoning_summary_text.done", done)?;
            }
            Some("function_call") => {
                let mut done = about;
                done["arguments"] = item["arguments"].clone();
                self.send("response.function_call_arguments.done", done)?;
            }
            Some("custom_tool_call") => {
                let mut done = about;
                done["input"] = item["input"].clone();
                self.send("response.custom_tool_call_input.done", done)?;
            }
            _ => {}
        }
        self.send(
            "response.output_item.done",
            json!({"output_index": idx, "item": item}),
        )
    }
}
