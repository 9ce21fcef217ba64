/** Lets `import text from './file?raw'` have a type. */
declare module '*?raw' {
  const text: string
  export default text
}
