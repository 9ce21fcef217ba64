/** Catches an error while a view is drawn, so that the rest of the page stays. */
import { Component, type ReactNode } from 'react'

interface BoundaryProps {
  instead: (error: Error, again: () => void) => ReactNode
  children: ReactNode
}

export class Boundary extends Component<BoundaryProps, { error: Error | null }> {
  override state: { error: Error | null } = { error: null }

  static getDerivedStateFromError(error: unknown) {
    return { error: error instanceof Error ? error : new Error(String(error)) }
  }

  override render(): ReactNode {
    const { error } = this.state
    if (error === null) return this.props.children
    return this.props.instead(error, () => this.setState({ error: null }))
  }
}
