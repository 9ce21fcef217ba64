/** How Vite builds the page. */
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

export default defineConfig({
  root: 'web',
  plugins: [react()],
  build: {
    outDir: '../dist/web',
    emptyOutDir: true,
    sourcemap: false,
    rolldownOptions: {
      output: {
        // What every page needs is one file: several small ones compress worse.
        codeSplitting: {
          groups: [
            {
              name: 'start',
              test: /web\/(api|money|time|words|page\/(card|words)|market\/words)|node_modules\/(react|react-dom|scheduler|@tanstack|socket.io|engine.io)/,
            },
          ],
        },
      },
    },
  },
})
