// The pictures on buttons and links.

const kPaths = {
  profiles: "M2.5 4h11M4.5 8h7M6.5 12h3",
  graph: "M2 2h4v4H2zM2 10h4v4H2zM10 6h4v4h-4zM6 4h1c1.5 0 1 4 3 4M6 12h1c1.5 0 1-4 3-4",
  config: "M3.5 1.8h6l3 3v9.4h-9zM9.5 1.8v3h3M5.5 8h5M5.5 11h3.5",
  reload: "M13.5 8a5.5 5.5 0 1 1-1.7-4M13.5 1.5v3.3h-3.3",
  plus: "M8 3v10M3 8h10",
  minus: "M3 8h10",
  components: "M8 1.8 13.5 5v6L8 14.2 2.5 11V5zM2.7 5.1 8 8.2l5.3-3.1M8 8.2v5.8",
  search: "M7 12A5 5 0 1 0 7 2a5 5 0 0 0 0 10zM10.8 10.8 14 14",
  back: "M10 3 5 8l5 5",
  theme: "M8 2.5a5.5 5.5 0 1 0 0 11zM8 2.5a5.5 5.5 0 1 1 0 11",
  keys: "M1.5 4.5h13v7h-13zM4 7h.01M6.7 7h.01M9.4 7h.01M12 7h.01M5 9.5h6",
  download: "M8 2v8M4.8 7 8 10.2 11.2 7M2.5 13.5h11",
  compare: "M5 2.5v9M2.5 9 5 11.5 7.5 9M11 13.5v-9M8.5 7 11 4.5 13.5 7",
  sandwich: "M4 2.5h8M2.5 8h11M4 13.5h8",
  wave: "M1.5 4.5h4.3c3 0 2 7 5 7h3.7M1.5 8h3.2M1.5 11.5h5.8",
  close: "M4 4l8 8M12 4l-8 8",
  targets: "M8 2a6 6 0 1 0 0 12A6 6 0 1 0 8 2zM8 5.8a2.2 2.2 0 1 0 0 4.4 2.2 2.2 0 1 0 0-4.4z",
  yes: "M3 8.5 6.5 12 13 4.5",
};

export function Icon({ name }: { name: keyof typeof kPaths }) {
  return (
    <svg class="icon" viewBox="0 0 16 16" aria-hidden="true">
      <path d={kPaths[name]} />
    </svg>
  );
}
