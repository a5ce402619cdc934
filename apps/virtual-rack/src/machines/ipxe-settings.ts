// iPXE's ${settings} and their formats, as far as boot scripts use them.

export type IpxeSettings = ReadonlyMap<string, string>;

/** Unknown settings are empty, as in iPXE. Formats: `hexhyp`, `uristring`, else as it is. */
export function expandSettings(text: string, settings: IpxeSettings): string {
  return text.replace(/\$\{([^}:]+)(?::([a-z0-9]+))?\}/g, (_whole, name: string, format?: string) => {
    const value = settings.get(name) ?? '';
    if (format === 'hexhyp') return value.replaceAll(':', '-');
    return format === 'uristring' ? encodeURIComponent(value) : value;
  });
}
