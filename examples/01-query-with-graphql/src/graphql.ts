// The whole client: a typed document, a POST, and errors as they come. Nothing here knows of opportunities.

/** A document, with the types of what goes in and what comes out. */
export interface Operation<Data, Variables> {
  readonly text: string
  /** Never set: it only carries the types. */
  readonly types?: (variables: Variables) => Data
}

/** Writes down an operation with its types. */
export function operation<Data, Variables>(text: string): Operation<Data, Variables> {
  return { text }
}

/** One entry of `errors`, as far as a page needs it. */
export interface Problem {
  message: string
  path?: (string | number)[]
  extensions: {
    code: string
    rule?: string
    field?: string
    inputPath?: (string | number)[]
    currentVersion?: number
    changedFields?: string[]
    requestId?: string
  }
}

/** What the server refused. */
export class Refused extends Error {
  constructor(readonly problems: Problem[]) {
    super(problems.map((problem) => problem.message).join('; '))
    this.name = 'Refused'
  }

  /** The first problem of this rule. */
  of(rule: string): Problem | undefined {
    return this.problems.find((problem) => problem.extensions.rule === rule)
  }
}

/** A tenant's data API. */
export class Tenant {
  constructor(
    private readonly endpoint: string,
    private readonly key: string,
    private readonly language: 'en' | 'zh' = 'en',
  ) {}

  /** Runs an operation; what the server refuses is thrown as {@link Refused}. */
  async run<Data, Variables>(what: Operation<Data, Variables>, variables: Variables): Promise<Data> {
    const response = await fetch(this.endpoint, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${this.key}`,
        'content-type': 'application/json',
        accept: 'application/graphql-response+json',
        'accept-language': this.language,
      },
      body: JSON.stringify({ query: what.text, variables }),
    })
    const answer = (await response.json()) as { data?: Data | null; errors?: Problem[] }
    if (answer.errors) throw new Refused(answer.errors)
    if (!answer.data) throw new Error(`status ${response.status} without data`)
    return answer.data
  }

  /** Listens: each answer with the cursor to go on after, until `signal` ends it. A connection that breaks throws. */
  async *listen<Data, Variables>(
    what: Operation<Data, Variables>,
    variables: Variables,
    signal: AbortSignal,
  ): AsyncGenerator<{ data: Data; cursor: string }> {
    const response = await fetch(this.endpoint, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${this.key}`,
        'content-type': 'application/json',
        accept: 'text/event-stream',
        'accept-language': this.language,
      },
      body: JSON.stringify({ query: what.text, variables }),
      signal,
    })
    if (!response.ok || !response.body) throw new Refused(((await response.json()) as { errors: Problem[] }).errors)
    let text = ''
    for await (const piece of response.body.pipeThrough(new TextDecoderStream()) as unknown as AsyncIterable<string>) {
      const events = (text + piece).split('\n\n')
      text = events.pop() ?? ''
      for (const event of events) {
        const field = (name: string) => event.split('\n').find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2)
        if (field('event') !== 'next') continue // a sign of life, or the end
        const answer = JSON.parse(field('data') ?? '') as { data?: Data; errors?: Problem[] }
        if (answer.errors) throw new Refused(answer.errors)
        if (answer.data) yield { data: answer.data, cursor: field('id') ?? '' }
      }
    }
  }
}
