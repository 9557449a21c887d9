# The Pod first; the claim last.
kubectl delete pod parcel --now
kubectl apply -f - <<'END'
apiVersion: v1
kind: Pod
metadata:
  name: parcel
spec:
  containers:
  - name: app
    image: podlab.dev/toolbox:v1
    resources:
      requests:
        cpu: "0.1"
    volumeMounts:
    - name: data
      mountPath: /data
  volumes:
  - name: data
    persistentVolumeClaim:
      claimName: parcel
END
kubectl apply -f - <<'END'
apiVersion: v1
kind: PersistentVolumeClaim
metadata:
  name: parcel
spec:
  accessModes: ["ReadWriteOnce"]
  resources:
    requests:
      storage: 10Mi
END
kubectl wait --for=condition=Ready pod/parcel --timeout=60s
