podlab answer slowed "it is slowed down"
kubectl apply --server-side --force-conflicts --subresource=resize -f - <<'END'
apiVersion: v1
kind: Pod
metadata:
  name: spin
spec:
  containers:
  - name: app
    image: podlab.dev/toolbox:v1
    args: ["hog", "--cpu", "1"]
    resources:
      requests:
        cpu: "0.1"
      limits:
        cpu: "0.4"
END
