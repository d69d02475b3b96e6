"""Conversations rendered by Python's transformers, with the characters of the assistant's answers.

Usage: python tools/golden/data_chat_templates.py
Needs: transformers==5.24.0 jinja2; node, for the templates that the package brings
Writes: packages/data/src/text/fixtures/chat_templates.json

Offsets count code points, as Python does.
"""

import json
import re
import subprocess
from pathlib import Path

import transformers
from transformers.utils.chat_template_utils import render_jinja_template

ROOT = Path(__file__).parents[2]
TEXT = ROOT / "packages/data/src/text"
script = "import('./packages/data/src/text/chat-templates.ts').then((m) => console.log(JSON.stringify(m.chatTemplates)))"
ours = json.loads(
    subprocess.run(["npx", "tsx", "-e", script], cwd=ROOT, check=True, capture_output=True, text=True).stdout
)

templates = {
    **ours,
    # Brackets around the user's turns, the system message folded into the first; refuses turns out of order.
    "brackets": """
{%- if messages[0]['role'] == 'system' -%}
    {%- set system = messages[0]['content'] ~ '\\n\\n' -%}
    {%- set turns = messages[1:] -%}
{%- else -%}
    {%- set system = '' -%}
    {%- set turns = messages -%}
{%- endif -%}
{{ bos_token }}
{%- for message in turns -%}
    {%- if (message['role'] == 'user') != (loop.index0 % 2 == 0) -%}
        {{ raise_exception('Turns must alternate between user and assistant.') }}
    {%- endif -%}
    {%- if message['role'] == 'user' -%}
        {{ '[INST] ' + (system if loop.first else '') + message['content'] | trim + ' [/INST]' }}
    {%- else -%}
        {{ ' ' + message['content'] | trim + eos_token }}
    {%- endif -%}
{%- endfor -%}
""",
    # White space of blocks matters here: no minus signs, indentation, line feeds.
    "plain": """{% for message in messages %}
  {% if message.role == 'assistant' %}
    {% generation %}
{{ message.content }}
    {% endgeneration %}
  {% else %}
{{ loop.index }}. {{ message.role | upper }}: {{ message.content }}
  {% endif %}
{% endfor %}
{% if add_generation_prompt %}
ASSISTANT: {% endif %}""",
    # Tools as JSON, a namespace, a macro, parts of content, tests and filters.
    "tools": """{%- macro text(content) -%}
{%- if content is string -%}{{ content }}{%- else -%}{%- for part in content if part.type == 'text' -%}{{ part.text }}{%- endfor -%}{%- endif -%}
{%- endmacro -%}
{%- set state = namespace(turns=0) -%}
{%- if tools is defined and tools -%}
{{- '<tools>\\n' -}}{%- for tool in tools -%}{{- tool | tojson + '\\n' -}}{%- endfor -%}{{- '</tools>\\n' -}}
{%- endif -%}
{%- for message in messages -%}
{%- set state.turns = state.turns + 1 -%}
{%- if message.role == 'assistant' -%}
{{- '<a' ~ state.turns ~ '>' -}}
{%- generation -%}{{- text(message.content) -}}{%- if message.tool_calls is defined -%}{%- for call in message.tool_calls -%}{{- '\\n<call>' + call.function | tojson + '</call>' -}}{%- endfor -%}{%- endif -%}{{- '</a>' -}}{%- endgeneration -%}
{%- elif message.role in ['user', 'system', 'tool'] -%}
{{- '<' ~ message.role ~ '>' ~ text(message.content) ~ '</' ~ message.role ~ '>' -}}
{%- else -%}{{ raise_exception('Unknown role ' + message.role) }}{%- endif -%}
{%- endfor -%}
{%- if add_generation_prompt -%}{{- '<a' ~ (state.turns + 1) ~ '>' -}}{%- endif -%}
""",
}

conversations = {
    "one": [{"role": "user", "content": "Hello!"}],
    "two": [{"role": "user", "content": "Hi there"}, {"role": "assistant", "content": "Nice to meet you!"}],
    "system": [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "What is 2 + 2?"},
        {"role": "assistant", "content": " 4 "},
        {"role": "user", "content": "  And 3 + 3?\n"},
        {"role": "assistant", "content": "6\n\nIt really is."},
    ],
    "chinese": [
        {"role": "user", "content": "珠母是什么？👩‍👩‍👧"},
        {"role": "assistant", "content": "贝壳内层的珍珠质，𠮷祥。"},
        {"role": "user", "content": "谢谢<|im_end|>{{ 7 * 7 }} {% if %}"},
    ],
}
tools = [
    {
        "type": "function",
        "function": {
            "name": "weather",
            "description": "Weather of a place, \"now\" <today> & tomorrow's",
            "parameters": {"type": "object", "properties": {"place": {"type": "string"}, "days": {"type": "integer", "default": 1}}},
        },
    }
]
calling = [
    {"role": "user", "content": [{"type": "text", "text": "Weather in "}, {"type": "image"}, {"type": "text", "text": "北京?"}]},
    {
        "role": "assistant",
        "content": "",
        "tool_calls": [{"type": "function", "function": {"name": "weather", "arguments": {"place": "北京", "days": 2, "exact": True, "unit": None}}}],
    },
    {"role": "tool", "content": "21.5"},
    {"role": "assistant", "content": "21.5 degrees."},
]
variables = {"bos_token": "<s>", "eos_token": "</s>"}

cases = []


def add(template, name, messages, tools=None, prompt=False):
    marks = re.search(r"generation\s*-?%\}", templates[template]) is not None
    try:
        texts, spans = render_jinja_template(
            [messages],
            chat_template=templates[template],
            tools=tools,
            add_generation_prompt=prompt,
            return_assistant_tokens_mask=marks and not prompt,
            **variables,
        )
    except Exception as error:  # noqa: BLE001
        cases.append({"template": template, "conversation": name, "prompt": prompt, "tools": tools is not None, "error": str(error)})
        return
    case = {"template": template, "conversation": name, "prompt": prompt, "tools": tools is not None, "text": texts[0]}
    if marks and not prompt:
        case["answers"] = [list(span) for span in spans[0]]
    cases.append(case)


for template in templates:
    for name, messages in conversations.items():
        for prompt in (False, True):
            add(template, name, messages, prompt=prompt)
conversations["calling"] = calling
conversations["wrong"] = [{"role": "assistant", "content": "first"}, {"role": "poet", "content": "?"}]
add("tools", "calling", calling, tools)
add("tools", "calling", calling, tools, True)
add("tools", "wrong", conversations["wrong"])
add("brackets", "wrong", conversations["wrong"])

(TEXT / "fixtures/chat_templates.json").write_text(
    json.dumps(
        {
            "transformers": transformers.__version__,
            "templates": {name: source for name, source in templates.items() if name not in ours},
            "variables": variables,
            "tools": tools,
            "conversations": conversations,
            "cases": cases,
        },
        ensure_ascii=False,
        indent=1,
    )
    + "\n"
)
print(len(cases), "cases")
