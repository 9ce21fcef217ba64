/** The message of a program, which is in English, on a page in any language. */
import { refusalWords } from './refusal-words.ts'

export function ServerSays({ sentence }: { sentence: string }) {
  return (
    <small className="server-says">
      {refusalWords().says} <span lang="en">{sentence}</span>
    </small>
  )
}
