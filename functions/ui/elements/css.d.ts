/** A style sheet, minified by the build of the modules. */
declare module '*.css' {
  const text: string;
  export default text;
}
