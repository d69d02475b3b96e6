/** Templates of common formats, written here, with their answers marked: what is to be learnt ends with the token that ends a turn. */
export const chatTemplates = {
  /** ChatML: OpenAI's format of 2023, used by many open models. */
  chatml: [
    "{%- for message in messages %}",
    "{{- '<|im_start|>' + message['role'] + '\\n' }}",
    "{%- if message['role'] == 'assistant' %}",
    "{%- generation %}{{- message['content'] + '<|im_end|>' }}{%- endgeneration %}",
    "{%- else %}{{- message['content'] + '<|im_end|>' }}{%- endif %}",
    "{{- '\\n' }}",
    "{%- endfor %}",
    "{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}{%- endif %}",
  ].join("\n"),
  /** Qwen2: ChatML with a system message of its own where the conversation has none. */
  qwen2: [
    "{%- if messages[0]['role'] != 'system' %}",
    "{{- '<|im_start|>system\\nYou are a helpful assistant.<|im_end|>\\n' }}",
    "{%- endif %}",
    "{%- for message in messages %}",
    "{{- '<|im_start|>' + message['role'] + '\\n' }}",
    "{%- if message['role'] == 'assistant' %}",
    "{%- generation %}{{- message['content'] + '<|im_end|>' }}{%- endgeneration %}",
    "{%- else %}{{- message['content'] + '<|im_end|>' }}{%- endif %}",
    "{{- '\\n' }}",
    "{%- endfor %}",
    "{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}{%- endif %}",
  ].join("\n"),
  /** Llama 3: headers between tokens of their own; begins with `bos_token`, where there is one. */
  llama3: [
    "{{- bos_token if bos_token is defined else '' }}",
    "{%- for message in messages %}",
    "{{- '<|start_header_id|>' + message['role'] + '<|end_header_id|>\\n\\n' }}",
    "{%- if message['role'] == 'assistant' %}",
    "{%- generation %}{{- message['content'] | trim + '<|eot_id|>' }}{%- endgeneration %}",
    "{%- else %}{{- message['content'] | trim + '<|eot_id|>' }}{%- endif %}",
    "{%- endfor %}",
    "{%- if add_generation_prompt %}{{- '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}{%- endif %}",
  ].join("\n"),
} as const;
